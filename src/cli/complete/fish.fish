# Completion of @program@ for fish.
function __@function@_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l lines ($words[1] __complete $words[2..-1] "$current" 2> /dev/null)
    or return
    set -l directive (string replace : '' -- $lines[-1])
    set -e lines[-1]
    set -l prefix ''
    if string match -q -- '-*=*' $current
        set prefix (string replace -r '=.*' '=' -- $current)
        set current (string replace -r '^[^=]*=' '' -- $current)
    end
    if test (math "bitand($directive, 8)") -ne 0
        for path in (__fish_complete_path $current)
            set -l file (string split \t -- $path)[1]
            set -l extension (string replace -r '.*\.' '' -- $file)
            if string match -q -- '*/' $file; or contains -- $extension $lines
                echo $prefix$file
            end
        end
    else if test (math "bitand($directive, 16)") -ne 0
        for folder in (__fish_complete_directories $current '')
            echo $prefix$folder
        end
    else if test (count $lines) -gt 0
        printf "$prefix%s\n" $lines
    else if test (math "bitand($directive, 4)") -eq 0
        for path in (__fish_complete_path $current)
            echo $prefix$path
        end
    end
end
complete -c @program@ -e
complete -c @program@ -f -a '(__@function@_complete)'
