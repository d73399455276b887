#!/usr/bin/env bash
# Installs Xinyong into .venv of this checkout. Needs Python 3.11 or newer; installs Debian's where it may.
set -euo pipefail
cd "$(dirname "$0")/.."

as_root() { # run a system command as root, or say what is missing
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 1
  fi
}

apt_install() {
  command -v apt-get >/dev/null || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >/dev/null 2>&1 || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.13 python3.12 python3.11 python3 \
      "$HOME"/.pyenv/versions/3.1[1-9]*/bin/python3 /usr/local/bin/python3; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null && new_enough "$candidate" && { command -v "$candidate"; return 0; }
  done
  return 1
}

python=$(find_python) || {
  apt_install python3 python3-venv || true
  python=$(find_python) || { echo "需要 Python 3.11 或更新版本 / Python 3.11 or newer is needed (set PYTHON=...)" >&2; exit 2; }
}

if [ ! -x .venv/bin/python ] || ! new_enough .venv/bin/python; then
  rm -rf .venv
  echo "使用 using $python"
  if ! "$python" -m venv .venv >/dev/null 2>&1; then
    rm -rf .venv
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    apt_install python3-venv "python$version-venv" || apt_install python3-venv || true
    "$python" -m venv .venv || {
      echo "缺少 venv 模块：请安装 python3-venv 后重试 / the venv module is missing: install python3-venv" >&2; exit 2; }
  fi
fi

# Compilers and servers are not needed: the database comes as a wheel.
.venv/bin/python -m pip install --quiet --disable-pip-version-check uv 2>/dev/null \
  || echo "uv 不可用，改用 pip / uv is not available, using pip"
if [ -x .venv/bin/uv ]; then
  VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip install --quiet --require-hashes -r requirements.lock
  VIRTUAL_ENV="$PWD/.venv" .venv/bin/uv pip install --quiet --no-deps -e .
else
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
fi
.venv/bin/python -c 'from xinyong.ui import translations; translations.compile()'
