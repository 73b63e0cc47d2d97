# Copyright 2026 The emotion_motion authors
# SPDX-License-Identifier: Apache-2.0
"""A robot in MuJoCo: its base fixed in the air, a position servo on every joint."""

from __future__ import annotations

from collections import Counter
import ctypes.util
import itertools
import os
import re
import sys
from typing import Any

import numpy as np

from emotion_motion.exceptions import RobotError
from emotion_motion.robot.description.robot import aligned, pin, Robot
from emotion_motion.robot.description.urdf import Urdf
from emotion_motion.robot.simulation.describe import describe, Description

__all__ = ['SimulatedRobot', 'can_render', 'load_mujoco']

# Position error at which a servo gives all its torque [rad]: three degrees. Stiff against the
# weight of an arm, soft against what gears of position-controlled humanoids can do.
_FULL_TORQUE_RAD = 0.05
# Of a joint whose URDF gives no effort limit [Nm].
_UNKNOWN_TORQUE_NM = 100.0
# Inertia of a motor seen through its gears [kg m^2 per Nm of its largest torque]: a G1's shoulder
# with 25 Nm has about 0.01 kg m^2.
_ARMATURE = 4e-4
# Links of one limb that so few joints join are one mechanism: what their limits let them do does
# no harm, and hulls of meshes overlap there that the parts do not.
_ONE_MECHANISM = 2
# Other links that so few join may be so too, as those about a shoulder are: if they touch at rest.
_NEAR_JOINTS = 3
_FLOOR = 'emotion_motion_floor'
# A mesh without volume, and what MuJoCo says of it.
_FLAT = re.compile(r'mesh volume is too small: (\S+)')
# What MuJoCo can draw with where there is no screen, and the library that each needs.
_OFF_SCREEN = (('egl', 'EGL'), ('osmesa', 'OSMesa'))


def load_mujoco() -> Any:
    """Return the module mujoco.

    Raises:
        RobotError: it is not installed, or MUJOCO_GL names what is not.
    """
    # MuJoCo chooses how to draw when it is imported, and cannot be imported with a choice whose
    # library is missing.
    if not _has_screen():
        installed = [name for name, library in _OFF_SCREEN if ctypes.util.find_library(library)]
        os.environ.setdefault('MUJOCO_GL', [*installed, 'disable'][0])
    try:
        import mujoco
    except (ImportError, AttributeError, RuntimeError, OSError) as error:
        raise RobotError(
            f'could not import mujoco ({error}), which simulates robots; install it with '
            f"pip install '.[robot]' in the source folder, and leave MUJOCO_GL unset"
        ) from error
    return mujoco


def can_render() -> bool:
    """Tell whether MuJoCo has something to draw with; trying without ends the process."""
    context = getattr(load_mujoco(), 'GLContext', None)
    return context is not None and (_has_screen() or not context.__module__.endswith('.glfw'))


def _has_screen() -> bool:
    shown = os.environ.get('DISPLAY') or os.environ.get('WAYLAND_DISPLAY')
    return sys.platform != 'linux' or bool(shown)


class SimulatedRobot:
    """A robot with J controlled joints as MuJoCo simulates it; all other joints are held.

    Each servo gives `kp (q* - q) + kd (v* - v)` up to the effort limit of its joint, with critical
    damping for the inertia that the joint has when all joints are at 0.

    Attributes:
        robot: what is simulated.
        model: MuJoCo's model; its geometries of group 1 are for pictures, of group 0 for contacts.
        data: MuJoCo's state.
        neighbours: pairs of links whose contacts are left out, since they are one mechanism.
        left_out: what could not be taken over from the URDF, in words.
        repaired: what is otherwise than in the URDF, in words.
        warnings: what MuJoCo has warned of, and how often.
        extent: heights of its lowest and highest points in the rest pose [m].
        torque_nm: largest torques of the controlled joints [J]; infinite where the URDF has none.
    """

    def __init__(self, robot: Robot) -> None:
        """Build it, in the rest pose.

        Raises:
            RobotError: MuJoCo is not installed or cannot take the description.
        """
        self._mujoco = load_mujoco()
        self.robot = robot
        description = describe(robot.urdf)
        self.left_out, self.repaired = description.left_out, description.repaired
        self.warnings: Counter[str] = Counter()
        # Else it prints a line each time, and writes MUJOCO_LOG.TXT.
        self._mujoco.set_mju_user_warning(lambda text: self.warnings.update([text]))
        links = [name for name, link in robot.urdf.links.items() if len(link.findall('collision'))]
        near = [
            pair
            for pair in itertools.combinations(links, 2)
            if self.limb(pair[0]) == self.limb(pair[1]) is not None
            and self._joints_between(*pair) <= _ONE_MECHANISM
        ]
        self.neighbours = tuple(near)
        self._build(description)
        near += [pair for pair in self.contacts() if self._joints_between(*pair) <= _NEAR_JOINTS]
        if len(near) > len(self.neighbours):
            self.neighbours = tuple(near)
            self._build(description)
        efforts = [robot.urdf.joints[name].effort or np.inf for name in robot.names]
        self.torque_nm = np.array(efforts)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the J controlled joints."""
        return self.robot.names

    @property
    def positions(self) -> np.ndarray:
        """Positions of the controlled joints [J], in rad."""
        return self.data.qpos[self._qpos].copy()

    @property
    def torques(self) -> np.ndarray:
        """Torques of the controlled joints' servos [J], in Nm."""
        return self.data.actuator_force[self._actuators].copy()

    def start(self, positions: np.ndarray) -> None:
        """Rest in a pose [J], the servos holding it."""
        self._mujoco.mj_resetData(self.model, self.data)
        for name, value in self.robot.held.items():
            self.data.joint(name).qpos[0] = value
            self.data.actuator(name).ctrl[0] = value
        self.data.qpos[self._qpos] = positions
        self.data.ctrl[self._actuators] = positions
        self._mujoco.mj_forward(self.model, self.data)

    def step(self, positions: np.ndarray, velocities: np.ndarray) -> None:
        """Go on by one step of `model.opt.timestep` towards positions and velocities [J]."""
        self.data.ctrl[self._actuators] = positions + self._lead_s * velocities
        self._mujoco.mj_step(self.model, self.data)

    def contacts(self) -> dict[tuple[str, str], float]:
        """Return how deep each pair of links that touch is in each other [m]."""
        depths: dict[tuple[str, str], float] = {}
        for contact in self.data.contact[: self.data.ncon]:
            bodies = sorted(self.model.geom_bodyid[[contact.geom1, contact.geom2]])
            pair = (self.model.body(bodies[0]).name, self.model.body(bodies[1]).name)
            depths[pair] = max(depths.get(pair, 0.0), -float(contact.dist))
        return depths

    def _build(self, description: Description) -> None:
        mujoco = self._mujoco
        try:
            spec = mujoco.MjSpec.from_string(description.text, assets=description.meshes)
            _add_servos(mujoco, spec, self.robot.urdf)
            for first, second in self.neighbours:
                spec.add_exclude(bodyname1=first, bodyname2=second)
            spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
            self._stand_upright(spec)
            _add_scene(mujoco, spec)
            self.model = self._compiled(spec)
        except (ValueError, RuntimeError) as error:
            raise RobotError(
                f'got {self.robot.urdf.path}, which MuJoCo cannot simulate '
                f'({" ".join(str(error).split())}); mend what it names in the URDF, or take it out'
            ) from error
        self.data = mujoco.MjData(self.model)
        joints = [self.model.joint(name) for name in self.names]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        self._actuators = np.array([self.model.actuator(name).id for name in self.names])
        self._damp()
        self.start(self.robot.rest)
        self.extent = self._extent()
        self.model.geom(_FLOOR).pos[2] = self.extent[0] - 0.004  # soles shall not flicker

    def _compiled(self, spec: Any) -> Any:
        """Return the model; meshes without volume, which hold no mass, count as shells."""
        while True:
            try:
                return spec.compile()
            except ValueError as error:
                flat = _FLAT.search(str(error))
                mesh = spec.mesh(flat[1]) if flat else None
                if (
                    mesh is None
                    or mesh.inertia == self._mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
                ):
                    raise
                mesh.inertia = self._mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
                repair = f'mesh {mesh.name}: has no volume, and counts as a shell'
                self.repaired = tuple(dict.fromkeys((*self.repaired, repair)))

    def _stand_upright(self, spec: Any) -> None:
        """Turn the root so that the robot's base has z up, where it has another axis up."""
        turn = self.robot.placed(self.robot.rest)[1].rotation
        if not aligned(turn):
            x, y, z, w = pin.Quaternion(turn).coeffs()
            spec.worldbody.first_body().quat = [w, x, y, z]

    def _damp(self) -> None:
        """Give every servo critical damping with all joints at 0, and find its lead [s]."""
        for number in range(self.model.nu):
            dof = self.model.jnt_dofadr[self.model.actuator_trnid[number, 0]]
            kp = self.model.actuator_gainprm[number, 0]
            self.model.actuator_biasprm[number, 2] = -2.0 * np.sqrt(kp * self.model.dof_M0[dof])
        gains = self.model.actuator_gainprm[self._actuators, 0]
        self._lead_s = -self.model.actuator_biasprm[self._actuators, 2] / gains

    def _extent(self) -> tuple[float, float]:
        """Return the heights of the lowest and highest points of the shapes, nearly [m]."""
        shown = [n for n in range(self.model.ngeom) if n != self.model.geom(_FLOOR).id]
        if not shown:  # all were meshes that are not here: those of the links' origins
            heights = self.data.xpos[1:, 2]
            return float(heights.min()), float(heights.max())
        centre, half = np.split(self.model.geom_aabb[shown], 2, axis=1)
        turn = self.data.geom_xmat[shown].reshape(-1, 3, 3)
        middle = self.data.geom_xpos[shown] + np.einsum('nij,nj->ni', turn, centre)
        reach = np.einsum('nj,nj->n', np.abs(turn[:, 2]), half)
        return float((middle[:, 2] - reach).min()), float((middle[:, 2] + reach).max())

    def limb(self, link: str) -> str | None:
        """Return the chain whose joint moves a link last; None for none."""
        last = self._moving(link)[-1:]
        chains = self.robot.config.chains.items()
        return next((chain for chain, joints in chains if {*last} & {*joints}), None)

    def _joints_between(self, first: str, second: str) -> int:
        """Return how many joints that move are between two links."""
        return len({*self._moving(first)} ^ {*self._moving(second)})

    def _moving(self, link: str) -> list[str]:
        """Return the joints that move a link, from the root on."""
        return [joint.name for joint in self.robot.urdf.joints_to(link) if joint.moves]


def _add_servos(mujoco: Any, spec: Any, urdf: Urdf) -> None:
    hinges = (mujoco.mjtJoint.mjJNT_HINGE, mujoco.mjtJoint.mjJNT_SLIDE)
    for joint in spec.joints:
        if joint.type not in hinges:
            raise RobotError(
                f'got {urdf.path} with the joint {joint.name!r}, which floats; expected joints of '
                f'one coordinate'
            )
        torque = urdf.joints[joint.name].effort or _UNKNOWN_TORQUE_NM
        joint.armature = max(float(np.ravel(joint.armature)[0]), _ARMATURE * torque)
        stiffness = torque / _FULL_TORQUE_RAD
        servo = spec.add_actuator(
            name=joint.name,
            target=joint.name,
            trntype=mujoco.mjtTrn.mjTRN_JOINT,
            gaintype=mujoco.mjtGain.mjGAIN_FIXED,
            biastype=mujoco.mjtBias.mjBIAS_AFFINE,
            forcelimited=True,
            forcerange=[-torque, torque],
        )
        servo.gainprm[0], servo.biasprm[1] = stiffness, -stiffness


def _add_scene(mujoco: Any, spec: Any) -> None:
    """Add light, sky and floor for pictures; nothing that the robot could touch."""
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 640, 640
    spec.visual.global_.fovy = 40.0
    # Much less work than by default, for pictures that small.
    spec.visual.quality.shadowsize = 1024
    spec.visual.quality.numslices, spec.visual.quality.numstacks = 24, 14
    spec.visual.headlight.ambient = [0.45, 0.45, 0.45]
    spec.visual.headlight.diffuse = [0.35, 0.35, 0.35]
    spec.add_texture(
        name='sky',
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        width=64,
        height=384,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[1.0, 1.0, 1.0],
        rgb2=[1.0, 1.0, 1.0],
    )
    spec.worldbody.add_light(
        pos=[2.0, 1.5, 4.0], dir=[-0.45, -0.3, -1.0], type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL
    )
    spec.worldbody.add_geom(
        name=_FLOOR,
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[20.0, 20.0, 0.1],
        group=1,
        pos=[0.0, 0.0, -1.0],
        rgba=[0.93, 0.94, 0.95, 1.0],
        contype=0,
        conaffinity=0,
    )
