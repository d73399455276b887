#!/usr/bin/env bash
# Chromium and Chinese fonts for the browser tests, from Debian or Ubuntu.
set -euo pipefail
have() { command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }
fonts() { fc-list 2>/dev/null | grep -qi 'Noto Sans CJK'; }
have && fonts && exit 0
if [ "$(id -u)" -eq 0 ]; then root=(); elif sudo -n true 2>/dev/null; then root=(sudo -n); else
  echo "缺少 Chromium 或中文字体，且没有安装权限 / Chromium or fonts-noto-cjk are missing and this user may not install them:" >&2
  echo "  sudo apt-get install chromium fonts-noto-cjk" >&2
  exit 2
fi
"${root[@]}" apt-get update -qq >/dev/null 2>&1 || true
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk fontconfig >/dev/null
have || { echo "没有装上 Chromium / Chromium was not installed" >&2; exit 2; }
