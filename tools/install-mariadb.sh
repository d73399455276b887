#!/usr/bin/env bash
# The MariaDB server the tests of pulling from a department's database talk to, from Debian or Ubuntu. The package
# "core" holds the programs only: nothing is started and nothing listens. Without it those tests say so and are left out.
set -euo pipefail
have() { command -v mariadbd >/dev/null || [ -x /usr/sbin/mariadbd ]; }
have && exit 0
if [ "$(id -u)" -eq 0 ]; then root=(); elif sudo -n true 2>/dev/null; then root=(sudo -n); else
  echo "缺少 MariaDB，且没有安装权限，抽取测试将跳过 / MariaDB is missing and this user may not install it; its tests are left out:" >&2
  echo "  sudo apt-get install mariadb-server-core" >&2
  exit 0
fi
"${root[@]}" apt-get update -qq >/dev/null 2>&1 || true
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mariadb-server-core >/dev/null ||
  { echo "没有装上 MariaDB，抽取测试将跳过 / MariaDB was not installed; its tests are left out" >&2; exit 0; }
have || echo "没有装上 MariaDB，抽取测试将跳过 / MariaDB was not installed; its tests are left out" >&2
