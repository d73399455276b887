#!/usr/bin/env bash
# Chromium, Chinese fonts, and the one library the browser driver needs, from Debian or Ubuntu.
set -euo pipefail
have() { command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }
fonts() { fc-list 2>/dev/null | grep -i 'Noto Sans CJK' >/dev/null; }
driver() { ldconfig -p 2>/dev/null | grep 'libatomic\.so\.1' >/dev/null || /sbin/ldconfig -p 2>/dev/null | grep 'libatomic\.so\.1' >/dev/null; }
have && fonts && driver && exit 0
if [ "$(id -u)" -eq 0 ]; then root=(); elif sudo -n true 2>/dev/null; then root=(sudo -n); else
  echo "缺少 Chromium 或中文字体，且没有安装权限 / Chromium, fonts-noto-cjk or libatomic1 are missing and this user may not install them:" >&2
  echo "  sudo apt-get install chromium fonts-noto-cjk libatomic1" >&2
  exit 2
fi
"${root[@]}" apt-get update -qq >/dev/null 2>&1 || true
install() { "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }
install fonts-noto-cjk fontconfig libatomic1
# Without the frame of a desktop program where it is packaged so (Debian): a page costs a third of the processor time.
have || install chromium-headless-shell 2>/dev/null || install chromium
have || { echo "没有装上 Chromium / Chromium was not installed" >&2; exit 2; }
