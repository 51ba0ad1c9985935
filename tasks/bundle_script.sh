#!/bin/sh
# Writes one inventory bundle of this server: what is installed, what would be updated, what was changed.
#
#   sh collect-bundle.sh [--wordpress FOLDER] [--project FOLDER]... SITE_ID DROP_FOLDER
#
# From cron, as a user that may read the sites (for WordPress: the user that owns it), after apt has fetched its lists:
#
#   15 3 * * 1  sh /usr/local/lib/collect-bundle.sh --wordpress /srv/www/shop shop /srv/bundles/shop
#
# It needs nothing but a POSIX shell and sha256sum, and runs what it finds of wp, php, the database server, dpkg,
# apt-get, rpm, dnf, composer and npm. It changes nothing but DROP_FOLDER and what those tools keep as their caches and
# logs. A command that fails or takes longer than 10 minutes is listed with its exit status: what it should say is then
# unknown, not good.
# A file in a project is copied as it is; composer and npm are asked only there.
set -u
umask 027
LC_ALL=C
export LC_ALL

usage() {
  echo "usage: $0 [--wordpress FOLDER] [--project FOLDER]... SITE_ID DROP_FOLDER" >&2
  exit 2
}

fail() {
  echo "$0: $1" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Text within a JSON string: without control characters, which no name of ours holds.
json() { printf '%s' "$1" | tr -d '\000-\037' | sed 's/\\/\\\\/g; s/"/\\"/g'; }

limited() {
  if have timeout; then timeout 600 "$@"; else "$@"; fi
}

entries=
# take NAME COMMAND...: keep what the command prints as NAME, and how it ended.
take() {
  name=$1
  shift
  status=0
  limited "$@" >"$work/$name" 2>/dev/null </dev/null || status=$?
  digest=$(sha256sum "$work/$name") || fail "can't read $work/$name again"
  entries="$entries${entries:+,}
  {\"name\": \"$name\", \"command\": \"$(json "$*")\", \"exit_status\": $status, \"sha256\": \"${digest%% *}\"}"
}

# copy NAME FILE: keep the file where it is there.
copy() { if [ -f "$2" ]; then take "$1" cat "$2"; fi; }

wordpress=
projects=
while [ $# -gt 2 ]; do
  case $1 in
    --wordpress) wordpress=$2 ;;
    --project) projects="$projects$2
" ;;
    *) usage ;;
  esac
  shift 2
done
[ $# -eq 2 ] || usage
site=$1
drop=$2
case $site in '' | -* | *[!a-z0-9-]*) usage ;; esac
[ -d "$drop" ] || fail "the drop folder $drop is not there"

stamp=$(date -u +%Y%m%dT%H%M%SZ)
made_at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
work=$drop/.$stamp.$$
mkdir "$work" || fail "can't write in $drop"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

zone=UTC
localtime=$(readlink -f /etc/localtime 2>/dev/null)
case $localtime in */zoneinfo/*) zone=${localtime#*/zoneinfo/} ;; esac

copy os-release /etc/os-release
if have php; then take php-version.txt php -v; fi
for server in mariadbd mysqld postgres; do
  for path in "$(command -v "$server")" "/usr/sbin/$server" /usr/lib/postgresql/*/bin/"$server"; do
    if [ -n "$path" ] && [ -x "$path" ]; then
      take database-version.txt "$path" --version
      break 2
    fi
  done
done

if have dpkg-query; then
  take dpkg-query.tsv dpkg-query -W -f '${binary:Package}\t${Version}\t${source:Package}\t${source:Version}\t${db:Status-Abbrev}\n'
  take apt-simulate.txt apt-get -s dist-upgrade
  lists=/var/lib/apt/periodic/update-success-stamp
  [ -f "$lists" ] || lists=/var/lib/apt/lists
  take apt-lists-mtime.txt stat -c %Y "$lists"
  for end in '' .1 .1.gz .2.gz .3.gz; do
    copy "dpkg.log$end" "/var/log/dpkg.log$end"
    copy "apt-history.log$end" "/var/log/apt/history.log$end"
  done
elif have rpm; then
  take rpm-query.txt rpm -qa --qf '%{NAME}|%{EPOCHNUM}|%{VERSION}|%{RELEASE}|%{ARCH}|%{INSTALLTIME}\n'
  if have dnf5; then
    take dnf-updateinfo.json dnf5 updateinfo list --json
  elif have dnf; then
    take dnf-updateinfo.txt dnf updateinfo list
  fi
fi

if [ -n "$wordpress" ]; then
  have wp || fail "--wordpress needs wp, https://wp-cli.org"
  # So that what WordPress says of updates afterwards is an answer of today.
  limited wp --path="$wordpress" eval 'wp_clean_update_cache();' >/dev/null 2>&1 </dev/null
  take core-version.txt wp --path="$wordpress" core version
  # The site's own database, which may be on another server.
  take wordpress-runtime.json wp --path="$wordpress" eval 'echo json_encode(["php" => PHP_VERSION, "database" => $GLOBALS["wpdb"]->db_server_info()]);'
  take core-check-update.json wp --path="$wordpress" core check-update --format=json
  take plugin-list.json wp --path="$wordpress" plugin list --format=json
  # Older ones can't ask wordpress.org about the plugins.
  if limited wp help plugin list 2>/dev/null </dev/null | grep wporg_status >/dev/null; then
    take plugin-directory.json wp --path="$wordpress" plugin list --fields=name,version,wporg_status,wporg_last_updated --format=json
  fi
  take theme-list.json wp --path="$wordpress" theme list --format=json
  take update-transients.json wp --path="$wordpress" eval 'echo json_encode(["update_core" => get_site_transient("update_core"), "update_plugins" => get_site_transient("update_plugins"), "update_themes" => get_site_transient("update_themes")]);'
fi

number=0
while IFS= read -r project; do
  [ -n "$project" ] || continue
  [ -d "$project" ] || fail "the project $project is not there"
  number=$((number + 1))
  if [ -f "$project/composer.lock" ]; then
    copy "p$number.composer.lock" "$project/composer.lock"
    if have composer; then
      take "p$number.composer-audit.json" composer --no-plugins --no-interaction --working-dir="$project" audit --locked --format=json
      # Without its cache, from which composer would answer where it can't reach the repository.
      take "p$number.composer-outdated.json" env COMPOSER_CACHE_DIR=/dev/null composer --no-plugins --no-interaction --working-dir="$project" outdated --all --locked --format=json
    fi
  fi
  if [ -f "$project/package-lock.json" ]; then
    copy "p$number.package-lock.json" "$project/package-lock.json"
    if have npm; then
      take "p$number.npm-audit.json" npm --prefix "$project" audit --json
      take "p$number.npm-outdated.json" npm --prefix "$project" outdated --all --json
    fi
  fi
done <<END
$projects
END

# Last, so that a bundle is whole or is none.
cat >"$work/manifest.json" <<END || fail "can't write $work/manifest.json"
{"manifest": 1, "site_id": "$site", "host": "$(json "$(uname -n)")", "collected_at": "$made_at", "time_zone": "$(json "$zone")", "files": [$entries
]}
END
[ ! -e "$drop/$stamp" ] || fail "$drop/$stamp is there already"
mv "$work" "$drop/$stamp" || fail "can't write $drop/$stamp"
trap - EXIT
echo "$drop/$stamp"
