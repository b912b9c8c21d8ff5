"""A wristband printer's print: dots burnt one by one into the material, by a head that wears and heat that spreads."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from wearing import PIXELS, Field, strength_of

_STEPS = 4  # pixels of the model to a dot
_SOFT = 0.42  # dots that heat spreads


def burnt(dots: NDArray[np.bool_], seed: int, severity: int) -> Field:
    """The light of a print (PIXELS a side, 0 ink, 1 paper) of these dots, True where one is to be black.

    The dots are dilated or starved by too much or too little heat, each burns a little otherwise than its neighbours,
    so does each element of the head, and one now and then is dead: the material runs along the strip, so what a dead
    element leaves out is a row of dots. All of it fades.
    """
    chance, strength = np.random.default_rng([seed, severity, 203]), strength_of(severity)
    side = len(dots)
    heat = dots * chance.normal(1, 0.05 * strength, dots.shape) * chance.normal(1, 0.035 * strength, (side, 1))
    heat[chance.choice(side, min(int(chance.poisson(0.22 * strength)), 4), replace=False)] = 0
    fine = cv2.GaussianBlur(heat.astype(np.float32).repeat(_STEPS, 0).repeat(_STEPS, 1), (0, 0), _SOFT * _STEPS)
    # The heat from which on the material turns black: lower, and dots grow; higher, and single ones are lost.
    turns = 0.5 - float(chance.uniform(-0.04, 0.085)) * strength
    black = np.clip((fine - turns) / 0.3 + 0.5, 0, 1) * (1 - float(chance.uniform(0.02, 0.07)) * strength)
    return cv2.resize((1 - black).astype(np.float32), (PIXELS, PIXELS), interpolation=cv2.INTER_AREA)
