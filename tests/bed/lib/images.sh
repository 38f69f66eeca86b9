# shellcheck shell=bash
# Stand-in images, made here from packages of the machine's own suite and imported into the bed's own engine.
# A file system is made once and kept as a tar file, so that each generation of engine only imports it.

# All names the bed can make, in the order in which they are made.
BED_IMAGES=(
    busybox:latest alpine:latest debian:bookworm-slim mysql:5.7 mysql:8 wordpress:latest
    nginx:latest nginx:alpine cassandra:4.0.1
)

# kind_of NAME: which recipe makes an image; several names may share one.
kind_of() {
    case $1 in
        busybox:latest) printf 'busybox\n' ;;
        alpine:latest) printf 'alpine\n' ;;
        debian:bookworm-slim) printf 'debian\n' ;;
        mysql:5.7 | mysql:8) printf 'mysql\n' ;;
        wordpress:latest) printf 'wordpress\n' ;;
        nginx:latest | nginx:alpine) printf 'nginx\n' ;;
        cassandra:4.0.1) printf 'cassandra\n' ;;
        *) die "no stand-in is known for \`$1\`" "known: ${BED_IMAGES[*]}" ;;
    esac
}

# changes_of KIND: the image's configuration, as instructions of a Dockerfile. No STOPSIGNAL: Docker 20.10 refuses it here.
changes_of() {
    local path='ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    printf '%s\n' "$path"
    case $1 in
        busybox | alpine) printf '%s\n' 'CMD ["sh"]' ;;
        debian) printf '%s\n' 'CMD ["bash"]' ;;
        mysql)
            printf '%s\n' 'ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]' 'CMD ["mysqld"]' 'EXPOSE 3306' \
                'VOLUME /var/lib/mysql'
            ;;
        wordpress)
            printf '%s\n' 'ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]' 'CMD ["apache2-foreground"]' 'EXPOSE 80' \
                'VOLUME /var/www/html' 'WORKDIR /var/www/html'
            ;;
        nginx) printf '%s\n' 'CMD ["nginx", "-g", "daemon off;"]' 'EXPOSE 80' ;;
        cassandra)
            printf '%s\n' 'ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]' 'CMD ["cassandra", "-f"]' \
                'EXPOSE 7000' 'EXPOSE 9042' 'VOLUME /var/lib/cassandra'
            ;;
    esac
}

# recipe KIND: a digest of all that decides what the image holds; a change of it makes the image anew.
recipe() {
    local functions=("fill_$1") files=$1
    case $1 in
        busybox | alpine) functions+=(busybox_root) files=busybox ;;
        *) functions+=(make_base debian_root install_into) ;;
    esac
    {
        printf '%s %s\n' "$1" "$HOST_SUITE"
        changes_of "$1"
        declare -f "${functions[@]}"
        [[ ! -d $BED_FOLDER/images/$files ]] || find "$BED_FOLDER/images/$files" -type f -print0 | sort -z | xargs -0r cat
    } | sha256sum | cut -c 1-16
}

# ensure_images NAME…: those of them that the engine lacks, several kinds at a time.
ensure_images() {
    local name kind stamps missing=() jobs=() job
    stamps=$(engine_folder "$(running_generation)")/images
    mkdir -p "$stamps" "$HOIST_BED/images"
    for name in "$@"; do
        kind=$(kind_of "$name")
        has_image "$name" "$stamps" || missing+=("$name")
    done
    ((${#missing[@]})) || return 0
    # Left by a run that was killed; the lock says that no other one is at it.
    rm -rf --one-file-system "$HOIST_BED"/images/*.??????/ "$HOIST_BED"/images/base.part
    # What the kinds share comes first, so that they do not wait for each other.
    for name in "${missing[@]}"; do prepare "$(kind_of "$name")"; done
    for kind in $(for name in "${missing[@]}"; do kind_of "$name"; done | awk '!seen[$0]++'); do
        while (($(jobs -pr | wc -l) >= $(nproc))); do sleep 0.1; done
        make_kind "$kind" "$stamps" "${missing[@]}" &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do wait "$job" || die "not all images could be made"; done
}

# make_kind KIND STAMPS NAME…: the file system of the kind, then those of the names that are of it.
make_kind() {
    local kind=$1 stamps=$2 name
    shift 2
    make_tar "$kind"
    for name in "$@"; do
        [[ $(kind_of "$name") != "$kind" ]] || step "image $name" import_image "$name" "$kind" "$stamps"
    done
}

# tar_is_there KIND: whether today's recipe was followed before.
tar_is_there() {
    [[ -r $HOIST_BED/images/$1.tar && $(cat "$HOIST_BED/images/$1.tar.recipe" 2>/dev/null) == "$(recipe "$1")" ]]
}

# prepare KIND: what several kinds need: tools on this machine, and the base system.
prepare() {
    tar_is_there "$1" && return 0
    case $1 in
        busybox | alpine) install_here busybox-static ;;
        *)
            install_here mmdebstrap
            [[ -d $HOIST_BED/images/base ]] || step "base system of $HOST_SUITE" make_base
            ;;
    esac
}

# has_image NAME STAMPS: whether the engine has the image that was made by today's recipe.
has_image() {
    [[ $(cat "$2/$1" 2>/dev/null) == "$(recipe "$(kind_of "$1")")" ]] &&
        api GET "/images/$1/json" --output /dev/null 2>/dev/null
}

# make_tar KIND: the image's file system as a tar file, unless this recipe's is there.
make_tar() {
    local kind=$1 tar=$HOIST_BED/images/$1.tar root
    tar_is_there "$kind" && return 0
    root=$(mktemp -d "$HOIST_BED/images/$kind.XXXXXX")
    step "file system of $kind" fill_and_pack "$kind" "$root" "$tar"
    rm -rf --one-file-system "$root"
    recipe "$kind" >"$tar.recipe"
}

fill_and_pack() {
    local kind=$1 root=$2 tar=$3
    chmod 755 "$root"
    "fill_$kind" "$root"
    tar --numeric-owner --one-file-system -C "$root" --exclude=./dev/* --exclude=./proc/* --exclude=./sys/* -cf "$tar.part" .
    mv "$tar.part" "$tar"
}

# import_image NAME KIND STAMPS: a second name of a kind that the engine has becomes a tag.
import_image() {
    local name=$1 kind=$2 stamps=$3 other query change before
    for other in "${BED_IMAGES[@]}"; do
        if [[ $other != "$name" && $(kind_of "$other") == "$kind" ]] && has_image "$other" "$stamps"; then
            api POST "/images/$other/tag?repo=${name%:*}&tag=${name#*:}" --output /dev/null
            recipe "$kind" >"$stamps/$name"
            return
        fi
    done
    before=$(image_id "$name")
    # Podman takes the whole name from `repo` and leaves `tag` aside.
    query="fromSrc=-&repo=$(url_text "$name")"
    while IFS= read -r change; do query+="&changes=$(url_text "$change")"; done < <(changes_of "$kind")
    api POST "/images/create?$query" -H 'Content-Type: application/x-tar' -H 'Expect:' -T "$HOIST_BED/images/$kind.tar" |
        tee /dev/stderr | { ! grep -q '"error"'; }
    recipe "$kind" >"$stamps/$name"
    # The one of an older recipe goes, unless a container uses it.
    if [[ -n $before && $before != "$(image_id "$name")" ]]; then api DELETE "/images/$before" --output /dev/null || true; fi
}

image_id() { api GET "/images/$1/json" 2>/dev/null | grep -o '"Id":"sha256:[0-9a-f]\{64\}' | head -n 1 | cut -d "\"" -f 4 || true; }

# url_text TEXT: the text as it may stand in a query.
url_text() {
    local text=$1 out='' i char
    for ((i = 0; i < ${#text}; i++)); do
        char=${text:i:1}
        case $char in
            [a-zA-Z0-9._~-]) out+=$char ;;
            *) out+=$(printf '%%%02X' "'$char") ;;
        esac
    done
    printf '%s' "$out"
}

# --- file systems -------------------------------------------------------------------------------------------------

# busybox_root ROOT: one static binary, a link for every applet, and what programs expect to find.
busybox_root() {
    local root=$1 binary applet
    binary=$(command -v busybox)
    mkdir -p "$root"/{bin,dev,etc,home,proc,root,run,sbin,sys,tmp,usr/bin,usr/sbin,usr/local/bin,var/lib,var/spool/mail,var/log}
    chmod 1777 "$root/tmp"
    ln -s ../run "$root/var/run"
    install -m 755 "$binary" "$root/bin/busybox"
    for applet in $("$binary" --list); do
        [[ $applet == busybox ]] || ln -s busybox "$root/bin/$applet"
    done
    ln -s ../../bin/env "$root/usr/bin/env"
    install -m 755 "$BED_FOLDER/images/busybox/printenv" "$root/bin/printenv"
    printf '%s\n' root:x:0:0:root:/root:/bin/sh daemon:x:1:1:daemon:/usr/sbin:/bin/false \
        www-data:x:33:33:www-data:/var/www:/bin/false nobody:x:65534:65534:nobody:/home:/bin/false >"$root/etc/passwd"
    printf '%s\n' root:x:0: daemon:x:1: www-data:x:33: users:x:100: nogroup:x:65534: >"$root/etc/group"
    printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
}

fill_busybox() { busybox_root "$1"; }

fill_alpine() {
    busybox_root "$1"
    printf '%s\n' 'NAME="Alpine Linux"' 'ID=alpine' 'VERSION_ID=0' 'PRETTY_NAME="stand-in for Alpine Linux, made of busybox"' \
        >"$1/etc/os-release"
}

# make_base: the smallest system of the machine's own suite, made once and copied for every image that needs it.
make_base() {
    local base=$HOIST_BED/images/base components=main
    [[ $HOST_ID != ubuntu ]] || components=main,universe
    # Its package lists stay, for what is installed into the copies.
    mmdebstrap --mode=root --variant=minbase --include=apt --skip=cleanup/apt/lists --components="$components" \
        --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --aptopt='APT::Install-Recommends "false"' \
        --aptopt='APT::Sandbox::User "root"' "$HOST_SUITE" "$base.part" "$(mirror_here)"
    printf '#!/bin/sh\nexit 101\n' >"$base.part/usr/sbin/policy-rc.d"
    chmod 755 "$base.part/usr/sbin/policy-rc.d"
    mv "$base.part" "$base"
}

debian_root() { cp -a --reflink=auto "$HOIST_BED/images/base/." "$1"; }

# in_root ROOT COMMAND…: runs it in the file system, with mounts that vanish with it even when it is killed.
in_root() {
    local root=$1
    # shellcheck disable=SC2016  # the inner shell expands these
    env -u DOCKER_HOST DEBIAN_FRONTEND=noninteractive HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        unshare --mount --pid --fork --kill-child bash -c '
            set -e
            root=$1
            shift
            mount -t proc proc "$root/proc"
            mount --rbind /dev "$root/dev"
            for file in /etc/resolv.conf /etc/hosts; do
                [[ -e $root$file ]] || : >"$root$file"
                mount --bind "$(readlink -f "$file")" "$root$file"
            done
            exec chroot "$root" "$@"
        ' in_root "$@" </dev/null
}

# install_into ROOT PACKAGE…: and away with what only the installation needed.
install_into() {
    local root=$1
    shift
    in_root "$root" apt-get -q -o Acquire::Retries=3 install -y --no-install-recommends "$@"
    in_root "$root" apt-get clean
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin
}

fill_debian() {
    debian_root "$1"
    rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin
}

# MariaDB in the place of MySQL. The empty data folder is prepared here, so that a first start takes a second.
fill_mysql() {
    local root=$1 name
    debian_root "$root"
    install_into "$root" mariadb-server
    for name in mysqld:mariadbd mysql:mariadb mysqladmin:mariadb-admin mysqldump:mariadb-dump; do
        # shellcheck disable=SC2016  # the inner shell expands these
        in_root "$root" sh -c 'command -v "$1" >/dev/null || ln -s "$(command -v "$2")" "/usr/bin/$1"' link "${name%:*}" "${name#*:}"
    done
    install -m 644 "$BED_FOLDER/images/mysql/bed.cnf" "$root/etc/mysql/conf.d/bed.cnf"
    rm -f "$root"/etc/mysql/mariadb.conf.d/50-server.cnf
    rm -rf "$root/var/lib/mysql"
    in_root "$root" install -d -o mysql -g mysql -m 755 /var/lib/mysql /run/mysqld /usr/local/share/mysql-empty
    in_root "$root" mariadb-install-db --user=mysql --datadir=/usr/local/share/mysql-empty --skip-test-db \
        --auth-root-authentication-method=normal
    install -m 755 "$BED_FOLDER/images/mysql/docker-entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
}

fill_wordpress() {
    local root=$1 log
    debian_root "$root"
    install_into "$root" apache2 libapache2-mod-php php-mysql wordpress
    mkdir -p "$root/usr/src"
    # The package links to libraries and to folders elsewhere; the copy stands alone.
    in_root "$root" cp -rL /usr/share/wordpress /usr/src/wordpress
    rm -rf "$root/usr/share/wordpress" "$root/var/www/html"
    install -m 644 "$BED_FOLDER/images/wordpress/wp-config.php" "$root/usr/src/wordpress/wp-config.php"
    in_root "$root" install -d -o www-data -g www-data /var/www/html
    in_root "$root" chown -R www-data:www-data /usr/src/wordpress
    for log in access error other_vhosts_access; do ln -sf /dev/stderr "$root/var/log/apache2/$log.log"; done
    printf 'ServerName localhost\nDirectoryIndex index.php index.html\n' >"$root/etc/apache2/conf-enabled/bed.conf"
    install -m 755 "$BED_FOLDER/images/wordpress/docker-entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
    install -m 755 "$BED_FOLDER/images/wordpress/apache2-foreground" "$root/usr/local/bin/apache2-foreground"
}

fill_nginx() {
    local root=$1
    debian_root "$root"
    install_into "$root" nginx-light
    rm -f "$root"/etc/nginx/sites-enabled/* "$root"/usr/share/nginx/html/*
    install -m 644 "$BED_FOLDER/images/nginx/default.conf" "$root/etc/nginx/conf.d/default.conf"
    install -D -m 644 "$BED_FOLDER/images/nginx/index.html" "$root/usr/share/nginx/html/index.html"
    ln -sf /dev/stdout "$root/var/log/nginx/access.log"
    ln -sf /dev/stderr "$root/var/log/nginx/error.log"
}

fill_cassandra() {
    local root=$1
    fill_debian "$root"
    mkdir -p "$root/var/lib/cassandra"
    install -m 755 "$BED_FOLDER"/images/cassandra/{cassandra,cqlsh,docker-entrypoint.sh} "$root/usr/local/bin/"
}
