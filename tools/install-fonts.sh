#!/usr/bin/env bash
# The Chinese fonts the credit report is set in, from Debian or Ubuntu. Without them everything but the report works.
set -euo pipefail
for folder in /usr/share/fonts/opentype/noto /usr/share/fonts/google-noto-cjk /usr/share/fonts/noto-cjk; do
  [ -f "$folder/NotoSansCJK-Regular.ttc" ] && exit 0
done
if [ "$(id -u)" -eq 0 ]; then root=(); elif sudo -n true 2>/dev/null; then root=(sudo -n); else root=(false); fi
if command -v apt-get >/dev/null && "${root[@]}" true 2>/dev/null; then
  "${root[@]}" apt-get update -qq >/dev/null 2>&1 || true
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends fonts-noto-cjk >/dev/null && exit 0
fi
echo "没有中文字体，暂不能出具信用报告：请安装 fonts-noto-cjk / no Chinese fonts: install fonts-noto-cjk to issue credit reports" >&2
