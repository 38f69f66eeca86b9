# Completion of @program@ for bash.
_@function@() {
    local -a words
    local line="${COMP_LINE:0:COMP_POINT}" out directive candidate word prefix=""
    read -ra words <<< "$line"
    [[ $line == *[[:space:]] ]] && words+=("")
    out=$("${words[0]/#\~/$HOME}" __completeNoDesc "${words[@]:1}" 2> /dev/null) || return
    directive=${out##*:}
    word=${words[-1]}
    # Where `=` separates words, as it does by default, bash completes what stands behind it.
    if [[ $word == -*=* ]]; then
        [[ $COMP_WORDBREAKS == *=* ]] || prefix=${word%%=*}=
        word=${word#*=}
    fi
    COMPREPLY=()
    if ((directive & 8)); then
        compopt -o filenames
        while IFS= read -r candidate; do
            if [[ -d $candidate ]] || grep -qx -- "${candidate##*.}" <<< "${out%:*}"; then
                COMPREPLY+=("$prefix$candidate")
            fi
        done < <(compgen -f -- "$word")
        return
    fi
    if ((directive & 16)); then
        compopt -o filenames
        while IFS= read -r candidate; do
            COMPREPLY+=("$prefix$candidate")
        done < <(compgen -d -- "$word")
        return
    fi
    while IFS= read -r candidate; do
        [[ -n $candidate ]] && COMPREPLY+=("$prefix$candidate")
    done <<< "${out%:*}"
    ((directive & 2)) && compopt -o nospace
    ((directive & 4)) || compopt -o default
}
complete -F _@function@ @program@
