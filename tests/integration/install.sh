#!/bin/sh
# Installs what the integration tests need of Debian (or Ubuntu): MediaWiki with PHP, ImageMagick, Postgres, Compose's
# checker, a browser with fonts.
# Run as root. Says what it installs; when everything is there it does nothing and says nothing.
set -eu

packages="mediawiki php-cli php-sqlite3 php-intl php-mbstring php-xml php-gd php-apcu php-curl imagemagick postgresql docker-compose fonts-dejavu-core"
# Any of these browsers will do; Debian's chromium is installed only where there is none.
command -v chromium > /dev/null || command -v chromium-browser > /dev/null || command -v google-chrome > /dev/null \
    || packages="$packages chromium"

missing=""
for package in $packages; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "install.sh: missing:$missing; run this script as root to install them" >&2
    exit 1
fi

# MediaWiki's package brings Apache along, and Postgres a server; neither must be started by its installation.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod +x "$policy"
fi

echo "install.sh: installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # a list of words
apt-get install -y -qq --no-install-recommends $missing > /dev/null
echo "install.sh: done"
