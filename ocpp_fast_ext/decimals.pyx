"""The compiled core of numbers: see `contract.ExactFloat` for what callers may rely on.

A literal is taken apart into its significant digits and an exponent. Up to 15 digits survive a double, more than 17
never do, and in between the shortest text that gives the double back decides.
"""

cimport cython
from libc.math cimport fabs

import orjson

__all__ = ["ExactFloat"]

cdef extern from "Python.h":
    bint PyUnicode_CheckExact(object value) noexcept
    bint PyUnicode_IS_COMPACT_ASCII(object text) noexcept
    const char* PyUnicode_DATA(object text) noexcept
    bint PyFloat_CheckExact(object value) noexcept
    double PyFloat_AS_DOUBLE(object value) noexcept
    const char* PyBytes_AS_STRING(object text) noexcept

cdef enum:
    MAX_LITERAL = 256
    SAFE_DIGITS = 15
    MAX_DIGITS = 17
    MAX_EXPONENT = 99_999_999

cdef double TINY = 1e-300
cdef object _loads = orjson.loads  # both are quicker than Python's own, and exact as well
cdef object _dumps = orjson.dumps
cdef object _new = float.__new__

cdef struct Decimal:
    unsigned long long digits  # without zeros at either end; right if there are at most MAX_DIGITS
    int count
    long long exponent  # of the last digit


cdef bint scan_decimal(const char* p, Decimal* number) noexcept:
    """Take a JSON number apart, up to the end of the text; False for an exponent that is too long."""
    cdef bint fraction = False
    cdef bint negative
    cdef int zeros = 0
    cdef long long exponent = 0

    number.digits = number.count = number.exponent = 0
    if p[0] == c"-":
        p += 1
    while c"0" <= p[0] <= c"9" or p[0] == c".":
        if p[0] == c".":
            fraction = True
        else:
            number.exponent -= fraction
            if p[0] == c"0":
                zeros += number.count > 0
            else:
                number.count += zeros + 1
                if number.count <= MAX_DIGITS:
                    while zeros >= 0:
                        number.digits *= 10
                        zeros -= 1
                    number.digits += p[0] - c"0"
                zeros = 0
        p += 1
    if p[0] == c"e" or p[0] == c"E":
        p += 1
        negative = p[0] == c"-"
        if negative or p[0] == c"+":
            p += 1
        while p[0] != 0:
            exponent = exponent * 10 + (p[0] - c"0")
            if exponent > MAX_EXPONENT:
                return False
            p += 1
        number.exponent += -exponent if negative else exponent
    number.exponent += zeros
    return True


cdef int is_kept(object value, const Decimal* number) except -1:
    """Tell whether a float gives the number back that it was read from, and is not next to 0."""
    cdef Decimal shortest

    if number.count == 0:
        return True
    if number.count > MAX_DIGITS or fabs(PyFloat_AS_DOUBLE(value)) < TINY:
        return False
    if number.count <= SAFE_DIGITS:
        return True
    text = _dumps(value)
    scan_decimal(PyBytes_AS_STRING(text), &shortest)
    return shortest.digits == number.digits and shortest.exponent == number.exponent


@cython.final
cdef class ExactFloat:
    """Makes floats of literals; see `contract.ExactFloat`."""

    cdef object reference
    cdef object long_float

    def __cinit__(self, reference, long_float):
        self.reference = reference
        self.long_float = long_float

    def __call__(self, literal):
        cdef Decimal number

        if not PyUnicode_CheckExact(literal) or not PyUnicode_IS_COMPACT_ASCII(literal) or len(literal) > MAX_LITERAL:
            return self.reference(literal)
        if not scan_decimal(PyUnicode_DATA(literal), &number):
            return self.reference(literal)
        try:
            value = _loads(literal)
        except orjson.JSONDecodeError:
            return self.reference(literal)
        if not PyFloat_CheckExact(value):
            return self.reference(literal)
        if is_kept(value, &number):
            return value
        made = _new(self.long_float, value)
        made._literal = literal
        return made
