#!/bin/sh
# Install the servers the integration and acceptance tests start: Dovecot, Postfix, PostgreSQL, a hardware
# token in software, the PDF, service and signature tools they look with, and what the specimens are printed
# and written with; with the word `long`, also LibreOffice, which only the longer tests need. On Debian and
# Ubuntu only; elsewhere those tests are skipped.
set -eu
missing=""
need() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"; }
need dovecot dovecot-imapd
[ -x /usr/lib/dovecot/lmtp ] || missing="$missing dovecot-lmtpd"
need postfix postfix
[ -n "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null)" ] || need initdb postgresql
need pdftotext poppler-utils
need qpdf qpdf
need gs ghostscript
[ -e /usr/share/fonts/truetype/breip/Breip.ttf ] || missing="$missing fonts-breip"
[ -e /usr/share/fonts/truetype/fifthhorseman/dkg.ttf ] || missing="$missing fonts-dkg-handwriting"
need systemd-analyze systemd
need openssl openssl
need softhsm2-util softhsm2
[ "${1:-}" != long ] || need soffice libreoffice-draw
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "not installed here:$missing (the tests that need them will be skipped)"
    exit 0
fi
sudo=""
if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "not root, and sudo asks for a password; not installed:$missing"
        exit 0
    fi
    sudo="sudo"
fi
echo "installing$missing"
$sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq
$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
