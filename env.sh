# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
#
# Enter the built environment:   . ./env.sh   or, from anywhere,   . /path/to/env.sh
#
# For sh, bash and zsh. Activates .venv, then puts the install space .build/install (messages,
# nodes, command line) in front; on a machine without ROS also what the ROS wheels need. Sourcing it
# twice changes nothing. `deactivate` leaves the virtual environment. Only variables and functions
# named _em_* are used, and they are gone at the end.

# Where this file lies. A plain sh does not tell a sourced file its name, but has the file open.
_em_root=
if [ -n "${BASH_SOURCE:-}" ]; then
  _em_root=$(dirname "$BASH_SOURCE")
elif [ -n "${ZSH_VERSION:-}" ]; then
  eval '_em_root=${${(%):-%x}:A:h}'
elif [ -d "/proc/$$/fd" ]; then
  for _em_file in "/proc/$$/fd"/*; do
    _em_file=$(readlink "$_em_file" 2> /dev/null || :)
    case "$_em_file" in */env.sh) _em_root=$(dirname "$_em_file") ;; esac
  done
fi
if [ ! -f "${_em_root:-.}/scripts/provision.py" ] && [ -f ./scripts/provision.py ]; then
  _em_root=.
fi
_em_root=$(cd "${_em_root:-.}" && pwd)

# _em_front VARIABLE FOLDER: put FOLDER first in a list with colons, once.
_em_front() {
  eval "_em_list=\${$1:-}"
  case ":$_em_list:" in
    *":$2:"*) ;;
    *) eval "export $1=\"\$2\${_em_list:+:\$_em_list}\"" ;;
  esac
}

_em_enter() {
  if [ ! -f "$_em_root/.venv/emotion_motion_setup" ]; then
    echo "emotion_motion is not set up in $_em_root: run 'make setup' there first." >&2
    return 1
  fi

  if [ -f "$_em_root/.venv/ros_prefix" ]; then
    _em_ros=$(cat "$_em_root/.venv/ros_prefix")
    if [ -z "${ROS_DISTRO:-}" ]; then
      if [ ! -f "$_em_ros/setup.sh" ]; then
        echo "emotion_motion was built for the ROS in $_em_ros: source that first." >&2
        return 1
      fi
      if [ -n "${ZSH_VERSION:-}" ]; then
        . "$_em_ros/setup.zsh"
      elif [ -n "${BASH_VERSION:-}" ]; then
        . "$_em_ros/setup.bash"
      else
        . "$_em_ros/setup.sh"
      fi
    fi
  elif [ -n "${ROS_DISTRO:-}" ]; then
    echo "ROS_DISTRO is $ROS_DISTRO, but emotion_motion was set up from wheels, which do not mix" \
      "with it: run 'make setup' again for that ROS, or open a terminal without it." >&2
    return 1
  fi

  if [ "${VIRTUAL_ENV:-}" != "$_em_root/.venv" ]; then
    . "$_em_root/.venv/bin/activate"
  fi
  if [ ! -f "$_em_root/.venv/ros_prefix" ]; then
    _em_front AMENT_PREFIX_PATH "$_em_root/.venv"
    _em_front CMAKE_PREFIX_PATH "$_em_root/.venv"
    # The libraries inside the wheels; with this done, Python need not restart itself to find them.
    for _em_folder in "$_em_root"/.venv/lib/python3*/site-packages/ros_*.libs \
      "$_em_root/.venv/lib"; do
      _em_front LD_LIBRARY_PATH "$_em_folder"
    done
    export _ROS_WHEELS_BOOTSTRAP_COMPLETE=1
  fi

  if [ ! -f "$_em_root/.build/install/emotion_motion_build" ]; then
    echo "emotion_motion is set up, but its messages are not built: run 'make build'." >&2
    return 1
  fi
  _em_install=$_em_root/.build/install
  for _em_folder in "$_em_install"/lib/python3*/site-packages; do
    _em_front PYTHONPATH "$_em_folder"
  done
  _em_front AMENT_PREFIX_PATH "$_em_install"
  _em_front CMAKE_PREFIX_PATH "$_em_install"
  _em_front LD_LIBRARY_PATH "$_em_install/lib"
  _em_front PATH "$_em_install/bin"
}

_em_enter && _em_status=0 || _em_status=$?
unset -f _em_front _em_enter
unset _em_root _em_file _em_list _em_folder _em_install _em_ros
# `return` in a file that is run instead of sourced is an error, and so is running it.
eval "unset _em_status; return $_em_status"
