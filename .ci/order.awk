# Names of functions, and what `.ci/order.txt` calls them.
#
# A function of Rust is there by a number made from its name, which is long, without the parts that change with the
# version of a crate; a function of C by its name.
#
#   awk -v to=numbers -f .ci/order.awk NAMES                          the entry of each name, a line each
#   nm -P … | awk -v to=names -f .ci/order.awk .ci/order.txt -        the names of these symbols in the order of the list

BEGIN {
    for (i = 32; i < 127; i++) code[sprintf("%c", i)] = i
}

function entry(name,    i, sum) {
    if (name !~ /^_R/) return name
    sub(/\.llvm\..*/, "", name)
    gsub(/Cs[0-9A-Za-z]*_/, "C", name)      # the version of a crate, as a number
    gsub(/B[0-9A-Za-z]*_/, "B", name)       # positions in the name, which depend on the length of such numbers
    sum = 7
    for (i = 1; i <= length(name); i++) sum = (sum * 1000003 + code[substr(name, i, 1)]) % 2147483647
    return sprintf("=%08x", sum)
}

to == "numbers" { print entry($1); next }

/^#/ { next }

FNR == NR { listed[$1] = FNR; last = FNR; if ($1 !~ /^=/) names[FNR] = $1 "\n"; next }

$2 ~ /^[tTwW]$/ && $1 ~ /^_R/ {
    place = listed[entry($1)]
    if (place) names[place] = names[place] $1 "\n"
}

END {
    for (i = 1; i <= last; i++) printf "%s", names[i]
}
