"""Quantiles of Student's t and of χ², computed here so that no library of 200 MB is needed for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import exp, lgamma, log, pi, sqrt
from statistics import NormalDist

_TINY = 1e-300
_STEPS = 300


@lru_cache(maxsize=256)
def t_quantile(p: float, freedom: float) -> float:
    """The value below which a share `p` (0.5 ≤ p < 1) of Student's t with so many degrees of freedom lies."""

    def below(t: float) -> float:
        return 1.0 - 0.5 * _beta(freedom / 2, 0.5, freedom / (freedom + t * t))

    if freedom < 10:
        return _inverse(below, p)
    z = NormalDist().inv_cdf(p)
    t = z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
    scale = exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / sqrt(freedom * pi)
    for _ in range(5):  # the series is near enough for Newton's method
        step = (below(t) - p) / (scale * (1 + t * t / freedom) ** (-(freedom + 1) / 2))
        t -= step
        if abs(step) < 1e-13 * t:
            break
    return t


@lru_cache(maxsize=256)
def chi_square_quantile(p: float, freedom: float) -> float:
    """The value below which a share `p` of χ² with so many degrees of freedom lies."""
    return _inverse(lambda x: _gamma(freedom / 2, x / 2), p)


def _inverse(function: Callable[[float], float], p: float) -> float:
    """Where a function that rises from 0 on reaches p: false position after Illinois, a dozen calls instead of 50."""
    low, high = 0.0, 1.0
    below, above = function(low) - p, function(high) - p
    while above < 0 and high < 1e12:
        low, below = high, above
        high *= 2
        above = function(high) - p
    side = 0
    for _ in range(200):
        middle = (low * above - high * below) / (above - below)
        found = function(middle) - p
        if abs(found) < 1e-15 or high - low <= 1e-14 * high:
            return middle
        if found < 0:
            low, below = middle, found
            above = above / 2 if side < 0 else above
            side = -1
        else:
            high, above = middle, found
            below = below / 2 if side > 0 else below
            side = 1
    return (low + high) / 2


def _beta(a: float, b: float, x: float) -> float:
    """The regularized incomplete beta function, by its continued fraction (Lentz)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    if x > (a + 1) / (a + b + 2):  # where the other side's fraction converges faster
        return 1.0 - front * _fraction(b, a, 1 - x) / b
    return front * _fraction(a, b, x) / a


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _clear(1 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, _STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _clear(1 + term * d)
            c = _clear(1 + term / c)
            result *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return result


def _gamma(a: float, x: float) -> float:
    """The regularized lower incomplete gamma function: its series, or beyond it the continued fraction."""
    if x <= 0:
        return 0.0
    front = exp(a * log(x) - x - lgamma(a))
    if x < a + 1:
        term = total = 1.0 / a
        for n in range(1, 10 * _STEPS):
            term *= x / (a + n)
            total += term
            if term < total * 1e-16:
                break
        return front * total
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / _clear(b)
    result = d
    for n in range(1, 10 * _STEPS):
        b += 2
        term = -n * (n - a)
        d = 1 / _clear(term * d + b)
        c = _clear(b + term / c)
        result *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return 1 - front * result


def _clear(number: float) -> float:
    """Not 0, to divide by it."""
    return number if abs(number) > _TINY else _TINY
