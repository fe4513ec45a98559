"""Numbers as text, the way JavaScript writes them (groq reference, section 18)."""

from __future__ import annotations

__all__ = ["number_text"]

_PLAIN_DIGITS_MAX = 21
"""Numbers with more digits before the point are written with an exponent."""
_LEADING_ZEROS_MAX = 6
"""Numbers with more zeros behind the point, counting to the first digit, are written with an exponent."""


def number_text(value: float) -> str:
    """Return the shortest text that reads back as the same double: no `.0`, no exponent for 1e-6 ≤ |x| < 1e21."""
    if value == 0:
        return "0"
    # `repr` finds the shortest digits; only their arrangement differs.
    mantissa, _, exponent_text = repr(float(value)).partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent_text or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if 0 < point <= _PLAIN_DIGITS_MAX:
        body = digits.ljust(point, "0")
        return sign + (body[:point] + "." + body[point:] if len(body) > point else body)
    if -_LEADING_ZEROS_MAX < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    head = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{head}e{point - 1:+d}"
