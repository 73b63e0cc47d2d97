#!/usr/bin/env bash
# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
#
# make setup: find a Python to run the rest of the set-up with, then set up .venv and build.
set -eu
cd "$(dirname "$0")/.."

# A folder that was set up on a ROS machine stays so in a terminal that has not sourced ROS.
if [ -z "${ROS_DISTRO:-}" ] && [ -f .venv/ros_prefix ]; then
  prefix=$(cat .venv/ros_prefix)
  if [ -f "$prefix/setup.bash" ]; then
    set +eu
    . "$prefix/setup.bash"
    set -eu
  else
    echo "error: .venv was set up for the ROS in $prefix, which is not sourced here and has no" \
      "setup.bash. Source your ROS, or remove .venv to set up from wheels." >&2
    exit 1
  fi
fi

runs() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2> /dev/null; }

python=
for candidate in "${EMOTION_MOTION_PYTHON:-python3}" /usr/bin/python3 \
  python3.13 python3.12 python3.11 python3.10; do
  if runs "$candidate"; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  install='apt-get install -y --no-install-recommends python3 python3-venv python3-dev'
  if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "error: there is no python3. Install it: sudo apt-get update && sudo $install" >&2
    exit 1
  fi
  echo "[setup] apt-get: python3" >&2
  apt-get update >&2
  DEBIAN_FRONTEND=noninteractive $install >&2
  python=/usr/bin/python3
fi

"$python" scripts/provision.py
exec "$python" scripts/build.py
