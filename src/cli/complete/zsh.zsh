#compdef @program@
# Completion of @program@ for zsh.
_@function@() {
    local out line name directive
    local -a lines candidates options
    out=$(${~words[1]} __complete "${(@)words[2,CURRENT]}" 2> /dev/null) || return
    lines=("${(@f)out}")
    directive=${lines[-1]#:}
    lines=("${(@)lines[1,-2]}")
    [[ $PREFIX == -*=* ]] && compset -P '*='
    if ((directive & 8)); then
        _files -g "*.(${(j:|:)lines})"
        return
    fi
    if ((directive & 16)); then
        _files -/
        return
    fi
    for line in "${(@)lines}"; do
        [[ -z $line ]] && continue
        name=${line%%$'\t'*}
        if [[ $line == *$'\t'* ]]; then
            candidates+=("${name//:/\\:}:${line#*$'\t'}")
        else
            candidates+=("${name//:/\\:}")
        fi
    done
    ((directive & 2)) && options=(-S '')
    if ((${#candidates})); then
        _describe -V '@program@' candidates "${(@)options}"
    elif ((!(directive & 4))); then
        _files
    fi
}
if [[ ${funcstack[1]} == _@function@ ]]; then
    _@function@ "$@"
else
    compdef _@function@ @program@
fi
