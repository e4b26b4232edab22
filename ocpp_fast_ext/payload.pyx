"""The compiled payload core: JSON text becomes typed objects and typed objects become JSON text, in one pass each.

It only accepts. It declines, without a reason, every text or object that it cannot judge, and the reference core
decides and explains. Functions that return a `PyObject*` return a new reference, or NULL to decline; those that
return an int return 0, or -1 to decline. None of them leaves an exception set, but for one that is to end the program
(`drop_error`): the functions that Python calls raise it (`raise_kept`).

`scan_*` functions move `Source.p` over what they read and never past `Source.end`; `emit_*` functions append to a
`Sink`. Nesting is bounded: that of objects and lists by the plan, which has fewer `levels` than a frame may have,
that of free JSON by `scan_container` and `check_free`.

A `uri` callable is Python code: while it runs, what is written may be changed, and other texts be read and written. So
objects, lists and the text itself are held until they are written, and a list's items are counted again.

State between calls is guarded by the GIL: neither free-threaded builds nor subinterpreters are supported. A plan
and its class are kept for good.
"""

cimport cython
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.datetime cimport (
    PyDateTimeAPI,
    datetime_day,
    datetime_hour,
    datetime_microsecond,
    datetime_minute,
    datetime_month,
    datetime_second,
    datetime_year,
    import_datetime,
)
from cpython.exc cimport PyErr_Clear, PyErr_Occurred
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.object cimport PyObject, PyTypeObject
from libc.string cimport memcmp, memcpy

from types import MemberDescriptorType

import orjson

__all__ = ["CompiledPlan", "compiled", "scan_form"]

cdef extern from "Python.h":
    PyTypeObject* Py_TYPE(PyObject* value) noexcept
    PyObject* Py_True
    PyObject* Py_False
    PyObject* Py_None
    void Py_INCREF(PyObject* value) noexcept
    void Py_DECREF(PyObject* value) noexcept
    void Py_XDECREF(PyObject* value) noexcept
    PyObject* PyType_GenericAlloc(PyTypeObject* kind, Py_ssize_t items) noexcept
    PyObject* PyUnicode_New(Py_ssize_t size, Py_UCS4 maximum) noexcept
    void* PyUnicode_DATA(PyObject* text) noexcept
    bint PyUnicode_IS_COMPACT_ASCII(PyObject* text) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject* text) noexcept
    bint PyUnicode_CheckExact(PyObject* value) noexcept
    PyObject* PyUnicode_DecodeUTF8(const char* text, Py_ssize_t size, const char* errors) noexcept
    const char* PyUnicode_AsUTF8AndSize(PyObject* text, Py_ssize_t* size) noexcept
    PyObject* PyLong_FromLongLong(long long value) noexcept
    long long PyLong_AsLongLongAndOverflow(PyObject* value, int* overflow) noexcept
    bint PyLong_CheckExact(PyObject* value) noexcept
    PyObject* PyFloat_FromDouble(double value) noexcept
    double PyFloat_AS_DOUBLE(PyObject* value) noexcept
    bint PyFloat_CheckExact(PyObject* value) noexcept
    PyObject* PyList_New(Py_ssize_t size) noexcept
    int PyList_Append(PyObject* items, PyObject* item) noexcept
    bint PyList_CheckExact(PyObject* value) noexcept
    Py_ssize_t PyList_GET_SIZE(PyObject* items) noexcept
    PyObject* PyList_GET_ITEM(PyObject* items, Py_ssize_t index) noexcept
    bint PyDict_CheckExact(PyObject* value) noexcept
    PyObject* PyDict_GetItem(PyObject* table, PyObject* key) noexcept
    bint PyDict_Next(PyObject* table, Py_ssize_t* place, PyObject** key, PyObject** value) noexcept
    char* PyBytes_AS_STRING(PyObject* text) noexcept
    Py_ssize_t PyBytes_GET_SIZE(PyObject* text) noexcept
    PyObject* PyExc_Exception
    bint PyErr_ExceptionMatches(PyObject* kind) noexcept
    PyObject* PyNumber_Subtract(PyObject* left, PyObject* right) noexcept
    PyObject* PyObject_CallOneArg(PyObject* function, PyObject* argument) noexcept
    double PyOS_string_to_double(const char* text, char** end, PyObject* overflow) noexcept
    bint PyDateTime_CheckExact(PyObject* value) noexcept
    PyObject* PyDateTime_DATE_GET_TZINFO(PyObject* value) noexcept

cdef extern from *:
    """
    #include <structmember.h>
    #include <datetime.h>
    typedef struct { PyDescrObject common; struct PyMemberDef *member; } ocpp_fast_member;
    static Py_ssize_t member_offset(PyObject *descriptor) {
        return ((PyMemberDescrObject *)descriptor)->d_member->offset;
    }
    static PyObject *utc_datetime(int year, int month, int day, int hour, int minute, int second, int micro) {
        return PyDateTimeAPI->DateTime_FromDateAndTime(
            year, month, day, hour, minute, second, micro, PyDateTime_TimeZone_UTC, PyDateTimeAPI->DateTimeType);
    }
    static PyObject *seconds_delta(int seconds) { return PyDelta_FromDSU(0, seconds, 0); }
    """
    PyObject* utc_datetime(
        int year, int month, int day, int hour, int minute, int second, int micro
    ) noexcept
    PyObject* seconds_delta(int seconds) noexcept
    Py_ssize_t member_offset(PyObject* descriptor) noexcept

cdef extern from "<math.h>":
    double fabs(double value) noexcept
    bint isfinite(double value) noexcept
    double round(double value) noexcept
    bint signbit(double value) noexcept

cdef extern from "scan.h":
    const char* OCPP_FAST_FORM
    const unsigned char* scan_plain(const unsigned char* p, const unsigned char* end, unsigned int* high) noexcept
    const unsigned char* scan_container(const unsigned char* p, const unsigned char* end, int depth) noexcept
    const unsigned char* scan_digits(
        const unsigned char* p, const unsigned char* end, int most, unsigned long long* value
    ) noexcept
    int scan_pair(const unsigned char* p, unsigned int* bad) noexcept
    int first_set64(unsigned long long bits) noexcept
    void put_pair(char* to, unsigned int number) noexcept
    char* put_number(char* end, unsigned long long number) noexcept
    bint begins_with(
        const unsigned char* p, const unsigned char* end, const unsigned char* text, Py_ssize_t size
    ) noexcept
    const unsigned char* past_space(const unsigned char* p, const unsigned char* end) noexcept
    int days_in_month(int year, int month) noexcept
    Py_ssize_t copy_plain(unsigned char* to, const unsigned char* source, Py_ssize_t size) noexcept
    bint is_identifier(const unsigned char* p, Py_ssize_t size) noexcept
    void copy_short(char* to, const char* source, Py_ssize_t size) noexcept
    unsigned int short_hash(const unsigned char* p, Py_ssize_t size) noexcept

import_datetime()

cdef enum:  # the codes of `plan.Op`
    STRING = 0
    INTEGER = 1
    NUMBER = 2
    BOOLEAN = 3
    DATE_TIME = 4
    ENUM = 5
    OBJECT = 6
    LIST = 7
    JSON = 8
    OPEN = 9
    OPERATIONS  # how many there are

cdef enum:
    MAX_MEMBERS = 64  # one bit each
    MAX_DIGITS = 18  # an integer of so many fits a long long
    MOST_OF_32_BITS = 0x7FFFFFFF
    EXACT_DIGITS = 15  # a decimal of so many survives a double
    EXPONENT_DIGITS = 3
    MAX_DEPTH = 64  # R26
    FREE_DEPTH = 32  # free JSON that nests deeper is left to the reference core
    FIRST_CAPACITY = 4096
    KEPT_CAPACITY = 1 << 20

scan_form = (<bytes>OCPP_FAST_FORM).decode()  # of scan.h: sse2, neon or portable

cdef object _loads = orjson.loads
cdef object _dumps = orjson.dumps
cdef str VENDOR_ID = "vendorId"
cdef double[16] POWERS
cdef dict _plans = {}
for _power in range(16):
    POWERS[_power] = 10.0**_power


# Exceptions


cdef void drop_error() noexcept:
    """Forget an exception, unless it is to end the program: KeyboardInterrupt stays."""
    if PyErr_ExceptionMatches(PyExc_Exception):
        PyErr_Clear()


cdef int raise_kept() except -1:
    """Raise the exception that a function which declined has left."""
    return -1 if PyErr_Occurred() != NULL else 0


# Plans


@cython.final
cdef class CompiledPlan:
    """A plan in the form that the functions here follow; made by `compiled`."""

    def __cinit__(self):
        self.root = NULL
        self.kept = []
        self.blocks = []

    def __dealloc__(self):
        for block in self.blocks:
            PyMem_Free(<void*><size_t>block)

    cdef void* allocate(self, size_t size) except NULL:
        cdef void* block = PyMem_Calloc(1, size)

        if block == NULL:
            raise MemoryError
        self.blocks.append(<size_t>block)
        return block

    cdef const char* keep(self, bytes text) except NULL:
        """Copy a text to where it stays as long as the plan, with SLACK bytes behind it."""
        cdef char* copy = <char*>self.allocate(len(text) + SLACK)

        memcpy(copy, <char*>text, len(text))
        return copy

    def read(self, bytes text not None):
        """Return the typed object of a JSON text, or None to decline."""
        cdef Source r
        cdef PyObject* value

        if self.root == NULL:
            return None
        r.p = <const unsigned char*><char*>text
        r.end = r.p + len(text)
        skip_space(&r)
        value = scan_object(&r, self.root)
        if value == NULL:
            raise_kept()
            return None
        skip_space(&r)
        made = <object>value
        Py_DECREF(value)
        return made if r.p == r.end else None

    def write(self, value, int fraction=3, *, bint bounded=False):
        """Return the JSON text of a typed object, or None to decline; see `contract.Payload`."""
        cdef Sink w

        if self.root == NULL or open_sink(&w, fraction, bounded) < 0:
            return None
        return close_sink(&w, emit_object(&w, <PyObject*>value, self.root, PAYLOAD_DEPTH))


def compiled(plan):
    """Return the compiled form of a `plan.Plan`, or None when it says what the compiled core can't do."""
    return compiled_plan(plan)


cdef CompiledPlan compiled_plan(object plan):
    cdef CompiledPlan made = _plans.get(plan)

    if made is not None or plan in _plans:
        return made
    _plans[plan] = None  # a plan that holds itself has no compiled form
    made = CompiledPlan()
    try:
        fill_plan(made, plan)
    except NotImplementedError:
        return None
    _plans[plan] = made
    return made


cdef int fill_plan(CompiledPlan made, object plan) except -1:
    cdef Py_ssize_t index
    cdef Member* member
    cdef ObjectPlan* root

    if not (plan.plain and is_plain(plan.struct)) or len(plan.members) > MAX_MEMBERS:
        raise NotImplementedError
    if len({each.key for each in plan.members}) < len(plan.members):
        raise NotImplementedError
    root = <ObjectPlan*>made.allocate(sizeof(ObjectPlan))
    root.levels = 1
    root.members = <Member*>made.allocate(sizeof(Member) * (len(plan.members) + 1))
    made.kept.append(plan.struct)
    root.kind = <PyTypeObject*><PyObject*>plan.struct
    root.size = len(plan.members)
    for index, each in enumerate(plan.members):
        member = &root.members[index]
        member.next = &root.members[(index + 1) % root.size]
        member.bit = <unsigned long long>1 << index
        if each.node.op == JSON and not each.required and each.default is not None:  # lenient, null is that
            raise NotImplementedError
        key = quoted(each.key)
        member.key = <const unsigned char*>made.keep(key)
        member.key_size = len(key)
        member.label = made.keep(b"," + key + b":")
        member.label_size = len(key) + 2
        member.offset = slot_offset(plan.struct, each.name)
        member.required = each.required
        root.all |= member.bit
        if each.required:
            root.required |= member.bit
        made.kept.append(each.default)
        member.absent = <PyObject*>each.default
        fill_node(made, &member.node, each.node)
        root.levels = max(root.levels, 1 + member.node.levels)
    if root.levels >= MAX_DEPTH:
        raise NotImplementedError
    if root.size == 0 and is_bare(plan.struct):
        made.kept.append(plan.struct())
        root.only = <PyObject*>made.kept[-1]
    made.root = root
    return 0


cdef bint is_plain(object kind) except -1:
    """Whether making, reading and dropping an instance runs no code of its classes, not all of them a `Struct`."""
    return (
        type(kind).__call__ is type.__call__
        and kind.__new__ is object.__new__
        and kind.__setattr__ is object.__setattr__
        and kind.__getattribute__ is object.__getattribute__
        and not hasattr(kind, "__del__")
    )


cdef bint is_bare(object kind) except -1:
    """Whether instances have no room for values, so that one instance can serve for all."""
    return kind.__basicsize__ == object.__basicsize__ and kind.__dictoffset__ == 0 and kind.__weakrefoffset__ == 0


cdef int fill_node(CompiledPlan made, Node* node, object source) except -1:
    if not 0 <= source.op < OPERATIONS or _operations[source.op].scan == NULL:
        raise NotImplementedError
    node.op = source.op
    node.scan = _operations[node.op].scan
    node.emit = _operations[node.op].emit
    node.levels = FREE_DEPTH if source.op in (JSON, OPEN) else 0
    if (source.max_length or 0) < 0 or (source.max_items or 0) < 0:  # -1 means unlimited here
        raise NotImplementedError
    node.max_length = -1 if source.max_length is None else source.max_length
    node.min_items = source.min_items or 0
    node.max_items = -1 if source.max_items is None else source.max_items
    if source.minimum is not None:
        node.has_minimum = True
        node.minimum = exact_limit(source.minimum)
    if source.maximum is not None:
        node.has_maximum = True
        node.maximum = exact_limit(source.maximum)
    if source.multiple_of is not None:
        if source.multiple_of != 0.1:
            raise NotImplementedError
        node.tenths = True
    if source.places is not None:
        if source.places != 1:
            raise NotImplementedError
        node.sent_in_tenths = True
    node.identifier = source.identifier
    if source.uri is not None:
        made.kept.append(source.uri)
        node.uri = <PyObject*>source.uri
    return fill_parts(made, node, source)


cdef int fill_parts(CompiledPlan made, Node* node, object source) except -1:
    """Fill in what the operation of a node can't do without: the members of its enum, its plan, its item."""
    cdef CompiledPlan nested

    if node.op == ENUM:
        if source.enum is None or len(source.enum) == 0:  # no member can be the latest
            raise NotImplementedError
        node.enum = enum_table(made, source.enum)
    elif node.op == OBJECT:
        nested = None if source.plan is None else compiled_plan(source.plan)
        if nested is None:
            raise NotImplementedError
        made.kept.append(nested)
        node.plan = nested.root
        node.levels = node.plan.levels
    elif node.op == LIST:
        if source.item is None:
            raise NotImplementedError
        node.item = <Node*>made.allocate(sizeof(Node))
        fill_node(made, node.item, source.item)
        node.levels = 1 + node.item.levels
    return 0


cdef bytes quoted(object text):
    """Return a text in quotes, in which no character needs an escape."""
    try:
        made = orjson.dumps(text)
    except orjson.JSONEncodeError:  # half a surrogate pair
        raise NotImplementedError from None
    if type(text) is not str or b"\\" in made:
        raise NotImplementedError
    return made


cdef double exact_limit(object limit) except? -1:
    """Return a limit that an integer can be measured by as a double."""
    if not -(2**53) < limit < 2**53:
        raise NotImplementedError
    return limit


cdef EnumTable* enum_table(CompiledPlan made, object kind) except NULL:
    """Return hash tables of an enum's members, by their text and by their address."""
    cdef EnumTable* table = <EnumTable*>made.allocate(sizeof(EnumTable))
    cdef unsigned int slots = 4
    cdef EnumEntry entry

    while slots < 2 * len(kind):
        slots *= 2
    table.mask = slots - 1
    table.entries = <EnumEntry*>made.allocate(slots * sizeof(EnumEntry))
    table.by_member = <EnumEntry*>made.allocate(slots * sizeof(EnumEntry))
    for member in kind:
        made.kept.append(member)
        text = quoted(member.value)
        if str(member) != member.value:
            raise NotImplementedError
        entry.text = <const unsigned char*>made.keep(text)
        entry.size = len(text) - 2
        entry.member = <PyObject*>member
        put_entry(table.entries, table.mask, short_hash(entry.text + 1, entry.size), entry)
        put_entry(table.by_member, table.mask, address_hash(entry.member), entry)
        table.latest = find_entry(table, entry.text + 1, entry.size)
    return table


cdef void put_entry(EnumEntry* entries, unsigned int mask, unsigned int slot, EnumEntry entry) noexcept:
    while entries[slot & mask].text != NULL:
        slot += 1
    entries[slot & mask] = entry


cdef inline unsigned int address_hash(PyObject* value) noexcept:
    return <unsigned int>(<size_t>value >> 4) ^ <unsigned int>(<size_t>value >> 9)


cdef Py_ssize_t slot_offset(object kind, str name) except -1:
    """Where the instances of a class keep a slot."""
    descriptor = getattr(kind, name)
    if type(descriptor) is not MemberDescriptorType or not issubclass(kind, descriptor.__objclass__):
        raise NotImplementedError
    return member_offset(<PyObject*>descriptor)


# Reading


cdef inline void skip_space(Source* r) noexcept:
    r.p = past_space(r.p, r.end)


cdef PyObject* scan_object(Source* r, const ObjectPlan* plan) noexcept:
    """Read an object into a new instance of the plan's class."""
    cdef PyObject* made
    cdef unsigned long long missing = plan.all
    cdef const Member* member

    if r.p >= r.end or r.p[0] != c"{":
        return NULL
    r.p += 1
    if plan.only != NULL:
        return scan_nothing(r, plan.only)
    made = PyType_GenericAlloc(plan.kind, 0)
    if made == NULL:
        drop_error()
        return NULL
    if scan_members(r, plan, made, &missing) < 0 or missing & plan.required:
        Py_DECREF(made)
        return NULL
    while missing:
        member = &plan.members[first_set64(missing)]
        Py_INCREF(member.absent)
        (<PyObject**>(<char*>made + member.offset))[0] = member.absent
        missing &= missing - 1
    return made


cdef inline PyObject* scan_nothing(Source* r, PyObject* made) noexcept:
    """Read the closing brace of an object without members."""
    skip_space(r)
    if r.p >= r.end or r.p[0] != c"}":
        return NULL
    r.p += 1
    Py_INCREF(made)
    return made


cdef inline int scan_members(
    Source* r, const ObjectPlan* plan, PyObject* made, unsigned long long* missing
) noexcept:
    """Read the members of an object up to its closing brace; a key that is unknown or repeated is declined."""
    cdef const Member* member = plan.members
    cdef PyObject* value

    skip_space(r)
    if r.p < r.end and r.p[0] == c"}":
        r.p += 1
        return 0
    if plan.size == 0:
        return -1
    while True:
        member = scan_key(r, member)
        if member == NULL or not missing[0] & member.bit:
            return -1
        value = member.node.scan(r, &member.node)
        if value == NULL:
            return -1
        (<PyObject**>(<char*>made + member.offset))[0] = value
        missing[0] ^= member.bit
        member = member.next
        skip_space(r)
        if r.p >= r.end:
            return -1
        if r.p[0] == c"}":
            r.p += 1
            return 0
        if r.p[0] != c",":
            return -1
        r.p += 1


cdef inline const Member* scan_key(Source* r, const Member* expected) noexcept:
    """Read a key, its colon and the white space around them; return its member, or NULL to decline.

    The expected member is tried first, then those that follow it.
    """
    cdef const unsigned char* p = past_space(r.p, r.end)
    cdef const Member* member = expected

    while not begins_with(p, r.end, member.key, member.key_size):
        member = member.next
        if member == expected:
            return NULL
    p = past_space(p + member.key_size, r.end)
    if p >= r.end or p[0] != c":":
        return NULL
    r.p = past_space(p + 1, r.end)
    return member


cdef PyObject* scan_text(Source* r, Py_ssize_t max_length) noexcept:
    """Read a string of at most `max_length` code points; -1 sets no limit."""
    cdef const unsigned char* start = r.p + 1
    cdef const unsigned char* stop
    cdef unsigned int high = 0
    cdef PyObject* text

    if r.p >= r.end or r.p[0] != c'"':
        return NULL
    stop = scan_plain(start, r.end, &high)
    if stop >= r.end:
        return NULL
    if stop[0] != c'"':
        return scan_escaped(r, stop, max_length) if stop[0] == c"\\" else NULL
    r.p = stop + 1
    if high == 0:
        if 0 <= max_length < stop - start:
            return NULL
        text = PyUnicode_New(stop - start, 127)
        if text == NULL:
            drop_error()
            return NULL
        memcpy(PyUnicode_DATA(text), start, stop - start)
        return text
    text = PyUnicode_DecodeUTF8(<const char*>start, stop - start, NULL)
    return checked_length(text, max_length)


cdef PyObject* checked_length(PyObject* text, Py_ssize_t max_length) noexcept:
    """Pass a new string on if there is one and it is not too long."""
    if text == NULL:
        drop_error()
        return NULL
    if 0 <= max_length < PyUnicode_GET_LENGTH(text):
        Py_DECREF(text)
        return NULL
    return text


cdef PyObject* scan_escaped(Source* r, const unsigned char* stop, Py_ssize_t max_length) noexcept:
    """Read a string that has a backslash at `stop`."""
    cdef const unsigned char* start = r.p
    cdef unsigned int high = 0

    while stop[0] == c"\\":
        if r.end - stop < 3:
            return NULL
        stop = scan_plain(stop + 2, r.end, &high)
        if stop >= r.end:
            return NULL
    if stop[0] != c'"':
        return NULL
    r.p = stop + 1
    return checked_length(parsed(start, r.p), max_length)


cdef PyObject* parsed(const unsigned char* start, const unsigned char* stop) noexcept:
    """Let the JSON parser read a slice; NULL if it refuses."""
    cdef PyObject* value

    try:
        text = PyBytes_FromStringAndSize(<const char*>start, stop - start)
    except MemoryError:
        return NULL
    value = PyObject_CallOneArg(<PyObject*>_loads, <PyObject*>text)
    if value == NULL:
        drop_error()
    return value


cdef PyObject* scan_string(Source* r, const Node* node) noexcept:
    cdef PyObject* text = scan_text(r, node.max_length)
    cdef PyObject* verdict

    if text == NULL or node.uri == NULL:
        return text
    verdict = PyObject_CallOneArg(node.uri, text)
    if verdict == NULL:
        drop_error()
    else:
        Py_DECREF(verdict)
        if verdict == Py_True:
            return text
    Py_DECREF(text)
    return NULL


cdef PyObject* scan_enum(Source* r, const Node* node) noexcept:
    cdef const EnumEntry* entry = node.enum.latest

    if not begins_with(r.p, r.end, entry.text, entry.size + 2):
        entry = scan_entry(r, node.enum)
        if entry == NULL:
            return NULL
        node.enum.latest = entry
    r.p += entry.size + 2
    Py_INCREF(entry.member)
    return entry.member


cdef const EnumEntry* scan_entry(Source* r, const EnumTable* table) noexcept:
    """Find the entry of the text ahead; NULL if there is none."""
    cdef const unsigned char* start = r.p + 1
    cdef const unsigned char* stop
    cdef unsigned int high = 0

    if r.p >= r.end or r.p[0] != c'"':
        return NULL
    stop = scan_plain(start, r.end, &high)
    if stop >= r.end or stop[0] != c'"':
        return NULL
    return find_entry(table, start, stop - start)


cdef inline const EnumEntry* find_entry(const EnumTable* table, const unsigned char* text, Py_ssize_t size) noexcept:
    cdef unsigned int slot = short_hash(text, size)
    cdef const EnumEntry* entry

    while True:
        entry = &table.entries[slot & table.mask]
        if entry.text == NULL:
            return NULL
        if entry.size == size and memcmp(entry.text + 1, text, size) == 0:
            return entry
        slot += 1


cdef PyObject* scan_boolean(Source* r, const Node* node) noexcept:
    if r.end - r.p >= 4 and memcmp(r.p, b"true", 4) == 0:
        r.p += 4
        Py_INCREF(Py_True)
        return Py_True
    if r.end - r.p >= 5 and memcmp(r.p, b"false", 5) == 0:
        r.p += 5
        Py_INCREF(Py_False)
        return Py_False
    return NULL


cdef PyObject* scan_number(Source* r, const Node* node) noexcept:
    """Read a number; for INTEGER, one with a fraction or an exponent is declined."""
    cdef bint negative = r.p < r.end and r.p[0] == c"-"
    cdef const unsigned char* start = r.p + negative
    cdef unsigned long long value = 0
    cdef const unsigned char* p = scan_digits(start, r.end, MAX_DIGITS, &value)
    cdef long long number

    if p == start or start[0] == c"0" and p - start > 1:
        return NULL
    if p < r.end and (p[0] == c"." or p[0] == c"e" or p[0] == c"E"):
        return scan_fraction(r, node, p, value, negative) if node.op != INTEGER else NULL
    if p < r.end and is_digit(p[0]):
        return NULL
    number = -<long long>value if negative else <long long>value
    if not in_range(<double>number, node):
        return NULL
    r.p = p
    return new_reference(PyLong_FromLongLong(number))


cdef inline bint is_digit(unsigned char c) noexcept:
    return <unsigned char>(c - c"0") <= 9


cdef inline bint in_range(double value, const Node* node) noexcept:
    return not (node.has_minimum and value < node.minimum or node.has_maximum and value > node.maximum)


cdef PyObject* scan_fraction(
    Source* r, const Node* node, const unsigned char* p, unsigned long long mantissa, bint negative
) noexcept:
    """Read the rest of a number from its point or exponent on; `mantissa` is what stands before it."""
    cdef const unsigned char* point = p
    cdef Py_ssize_t spare = EXACT_DIGITS - (p - r.p - negative)
    cdef Py_ssize_t decimals
    cdef double value

    if p[0] != c".":
        return scan_long_number(r, node, point)
    if spare <= 0:
        return NULL
    p = scan_digits(point + 1, r.end, <int>spare, &mantissa)
    decimals = p - point - 1
    if decimals == 0 or p < r.end and (p[0] == c"e" or p[0] == c"E" or is_digit(p[0])):
        return scan_long_number(r, node, point)
    if node.tenths and mantissa % <unsigned long long>POWERS[decimals - 1] != 0:
        return NULL
    value = <double>mantissa / POWERS[decimals]
    if negative:
        value = -value
    if not in_range(value, node):
        return NULL
    r.p = p
    return new_reference(PyFloat_FromDouble(value))


cdef PyObject* scan_long_number(Source* r, const Node* node, const unsigned char* p) noexcept:
    """Read a NUMBER whose value the C library must find; its digits up to `p` are known to be right."""
    cdef char[64] copy
    cdef Py_ssize_t size
    cdef const unsigned char* part
    cdef double value

    if node.tenths or node.op == JSON:  # decided by its digits, or kept with all of them
        return NULL
    if p[0] == c".":
        part = p + 1
        p = skip_digits(part, r.end)
        if p == part:
            return NULL
    if p < r.end and (p[0] == c"e" or p[0] == c"E"):
        p += 1
        if p < r.end and (p[0] == c"+" or p[0] == c"-"):
            p += 1
        part = p
        p = skip_digits(part, r.end)
        if p == part or p - part > EXPONENT_DIGITS:
            return NULL
    size = p - r.p
    if size >= <Py_ssize_t>sizeof(copy):
        return NULL
    memcpy(copy, r.p, size)
    copy[size] = 0
    value = PyOS_string_to_double(copy, NULL, NULL)
    if value == -1 and PyErr_Occurred() != NULL:
        drop_error()
        return NULL
    if not isfinite(value) or not in_range(value, node):
        return NULL
    r.p = p
    return new_reference(PyFloat_FromDouble(value))


cdef inline PyObject* new_reference(PyObject* value) noexcept:
    """Pass a new reference on, or NULL where there was no memory."""
    if value == NULL:
        drop_error()
    return value


cdef inline const unsigned char* skip_digits(const unsigned char* p, const unsigned char* end) noexcept:
    while p < end and <unsigned char>(p[0] - c"0") <= 9:
        p += 1
    return p


cdef PyObject* scan_date_time(Source* r, const Node* node) noexcept:
    """Read `"YYYY-MM-DDThh:mm:ss[.fff](Z|+hh:mm|-hh:mm)"` as an aware datetime in UTC (R24)."""
    cdef const unsigned char* p = r.p + 1
    cdef int year
    cdef int month
    cdef int day
    cdef int hour
    cdef int minute
    cdef int second
    cdef int microsecond = 0
    cdef int offset = 0
    cdef unsigned int bad = 0

    if r.end - r.p < 22 or r.p[0] != c'"':
        return NULL
    if p[4] != c"-" or p[7] != c"-" or p[10] != c"T" or p[13] != c":" or p[16] != c":":
        return NULL
    year = scan_pair(p, &bad) * 100 + scan_pair(p + 2, &bad)
    month = scan_pair(p + 5, &bad)
    day = scan_pair(p + 8, &bad)
    hour = scan_pair(p + 11, &bad)
    minute = scan_pair(p + 14, &bad)
    second = scan_pair(p + 17, &bad)
    if bad & ~<unsigned int>15 or year < 1 or not 1 <= month <= 12 or hour > 23 or minute > 59 or second > 59:
        return NULL
    if day < 1 or day > 28 and day > days_in_month(year, month):
        return NULL
    r.p = p + 19
    microsecond = scan_microsecond(r)
    if microsecond < 0 or scan_zone(r, &offset) < 0 or r.p >= r.end or r.p[0] != c'"':
        return NULL
    r.p += 1
    return utc_time(year, month, day, hour, minute, second, microsecond, offset)


cdef inline int scan_microsecond(Source* r) noexcept:
    """Read a fraction of a second, if there is one, and return its microseconds; digits past them are dropped."""
    cdef int value = 0
    cdef int digits = 0

    if r.p >= r.end or r.p[0] != c".":
        return 0
    r.p += 1
    while r.p < r.end and <unsigned char>(r.p[0] - c"0") <= 9:
        if digits < 6:
            value = value * 10 + (r.p[0] - c"0")
        digits += 1
        r.p += 1
    if digits == 0:
        return -1
    while digits < 6:
        value *= 10
        digits += 1
    return value


cdef inline int scan_zone(Source* r, int* offset) noexcept:
    """Read a zone into `offset`, in seconds east of UTC."""
    cdef int hours
    cdef int minutes
    cdef unsigned int bad = 0
    cdef bint west

    if r.p < r.end and r.p[0] == c"Z":
        r.p += 1
        return 0
    if r.end - r.p < 6 or (r.p[0] != c"+" and r.p[0] != c"-") or r.p[3] != c":":
        return -1
    west = r.p[0] == c"-"
    hours = scan_pair(r.p + 1, &bad)
    minutes = scan_pair(r.p + 4, &bad)
    if bad & ~<unsigned int>15 or hours > 23 or minutes > 59:
        return -1
    offset[0] = (hours * 60 + minutes) * 60
    if west:
        offset[0] = -offset[0]
    r.p += 6
    return 0


cdef PyObject* utc_time(
    int year, int month, int day, int hour, int minute, int second, int microsecond, int offset
) noexcept:
    cdef PyObject* moment = utc_datetime(year, month, day, hour, minute, second, microsecond)
    cdef PyObject* delta
    cdef PyObject* local

    if moment == NULL or offset == 0:
        return new_reference(moment)
    local = moment
    delta = seconds_delta(offset)
    moment = PyNumber_Subtract(local, delta) if delta != NULL else NULL
    if moment == NULL:
        drop_error()
    Py_XDECREF(delta)
    Py_DECREF(local)
    return moment


cdef PyObject* scan_list(Source* r, const Node* node) noexcept:
    cdef PyObject* items

    if r.p >= r.end or r.p[0] != c"[":
        return NULL
    r.p += 1
    items = PyList_New(0)
    if items == NULL:
        drop_error()
        return NULL
    if scan_items(r, node, items) < 0 or PyList_GET_SIZE(items) < node.min_items:
        Py_DECREF(items)
        return NULL
    return items


cdef int scan_items(Source* r, const Node* node, PyObject* items) noexcept:
    """Read the items of a list up to its closing bracket."""
    cdef PyObject* value
    cdef int failed

    skip_space(r)
    if r.p < r.end and r.p[0] == c"]":
        r.p += 1
        return 0
    while True:
        if PyList_GET_SIZE(items) == node.max_items:
            return -1
        value = node.item.scan(r, node.item)
        if value == NULL:
            return -1
        failed = PyList_Append(items, value)
        Py_DECREF(value)
        if failed:
            drop_error()
            return -1
        skip_space(r)
        if r.p >= r.end:
            return -1
        if r.p[0] == c"]":
            r.p += 1
            return 0
        if r.p[0] != c",":
            return -1
        r.p += 1
        skip_space(r)


cdef PyObject* scan_free(Source* r, const Node* node) noexcept:
    """Read any JSON value."""
    if r.p >= r.end:
        return NULL
    if r.p[0] == c'"':
        return scan_text(r, -1)
    if r.p[0] == c"{" or r.p[0] == c"[":
        return scan_whole(r)
    if r.p[0] == c"t" or r.p[0] == c"f":
        return scan_boolean(r, node)
    if r.end - r.p >= 4 and memcmp(r.p, b"null", 4) == 0:
        r.p += 4
        Py_INCREF(Py_None)
        return Py_None
    return scan_number(r, node)


cdef PyObject* scan_whole(Source* r) noexcept:
    """Read an array or an object of any JSON values; the JSON parser is given all of it."""
    cdef const unsigned char* start = r.p
    cdef const unsigned char* stop = scan_container(start, r.end, FREE_DEPTH)

    if stop == NULL:
        return NULL
    r.p = stop
    return parsed(start, stop)


cdef PyObject* scan_dict(Source* r) noexcept:
    """Read an object of any keys."""
    return scan_whole(r) if r.p < r.end and r.p[0] == c"{" else NULL


cdef PyObject* scan_open(Source* r, const Node* node) noexcept:
    """Read an object of any keys; a `vendorId` must be among them."""
    cdef PyObject* value = scan_dict(r)

    if value == NULL:
        return NULL
    if not check_vendor(value, node.max_length):
        Py_DECREF(value)
        return NULL
    return value


cdef bint check_vendor(PyObject* value, Py_ssize_t max_length) noexcept:
    """Tell whether free JSON is an object with a `vendorId` of at most `max_length` code points."""
    cdef PyObject* vendor

    if not PyDict_CheckExact(value):
        return False
    vendor = PyDict_GetItem(value, <PyObject*>VENDOR_ID)  # all keys are strings: no code of theirs can run
    if vendor == NULL or not PyUnicode_CheckExact(vendor):
        return False
    return not 0 <= max_length < PyUnicode_GET_LENGTH(vendor)


cdef PyObject* scan_nested(Source* r, const Node* node) noexcept:
    return scan_object(r, node.plan)


# Writing

cdef char* _spare = NULL
cdef Py_ssize_t _spare_capacity = 0


cdef int open_sink(Sink* w, int fraction, bint bounded) noexcept:
    """Begin a text; the buffer of the last one is used again, unless that one is not closed yet."""
    global _spare

    if fraction != 0 and fraction != 3 and fraction != 6:
        return -1
    w.size = 0
    w.fraction = fraction
    w.bounded = bounded
    w.capacity = _spare_capacity
    w.text = _spare
    _spare = NULL
    if w.text == NULL:
        w.capacity = FIRST_CAPACITY
        w.text = <char*>PyMem_Malloc(w.capacity)
    return 0 if w.text != NULL else -1


cdef object close_sink(Sink* w, int failed):
    """End a text: return it, or None when writing failed."""
    global _spare, _spare_capacity

    try:
        if failed:
            raise_kept()
            return None
        return PyBytes_FromStringAndSize(w.text, w.size)
    finally:
        if _spare == NULL and w.capacity <= KEPT_CAPACITY:
            _spare = w.text
            _spare_capacity = w.capacity
        else:
            PyMem_Free(w.text)


cdef int grow(Sink* w, Py_ssize_t more) noexcept:
    cdef Py_ssize_t capacity = w.capacity
    cdef char* text

    while capacity - w.size < more:
        capacity *= 2
    text = <char*>PyMem_Realloc(w.text, capacity)
    if text == NULL:
        return -1
    w.text = text
    w.capacity = capacity
    return 0


cdef inline int reserve(Sink* w, Py_ssize_t more) noexcept:
    """Make room for `more` bytes."""
    return grow(w, more) if w.capacity - w.size < more else 0


cdef inline int emit_kept(Sink* w, const char* text, Py_ssize_t size) noexcept:
    """Write a text that `keep` has copied."""
    if reserve(w, size + SLACK) < 0:
        return -1
    copy_short(w.text + w.size, text, size)
    w.size += size
    return 0


cdef inline int emit_byte(Sink* w, char c) noexcept:
    if reserve(w, 1) < 0:
        return -1
    w.text[w.size] = c
    w.size += 1
    return 0


cdef int emit_bytes(Sink* w, const char* text, Py_ssize_t size) noexcept:
    if reserve(w, size) < 0:
        return -1
    memcpy(w.text + w.size, text, size)
    w.size += size
    return 0


cdef int emit_object(Sink* w, PyObject* value, const ObjectPlan* plan, int depth) noexcept:
    """Write an instance of the plan's own class; `depth` is the level of the object in the frame."""
    cdef int failed

    if Py_TYPE(value) != plan.kind:
        return -1
    Py_INCREF(value)
    failed = emit_members(w, value, plan, depth)
    Py_DECREF(value)
    return failed


cdef int emit_members(Sink* w, PyObject* value, const ObjectPlan* plan, int depth) noexcept:
    cdef Py_ssize_t start = w.size
    cdef Py_ssize_t index
    cdef const Member* member
    cdef PyObject* field

    for index in range(plan.size):
        member = &plan.members[index]
        field = (<PyObject**>(<char*>value + member.offset))[0]
        if field == NULL or field == Py_None and member.required:
            return -1
        if field == Py_None:
            continue
        if emit_kept(w, member.label, member.label_size) < 0 or member.node.emit(w, field, &member.node, depth) < 0:
            return -1
    if w.size == start:
        return emit_bytes(w, b"{}", 2)
    w.text[start] = c"{"  # in place of the first label's comma
    return emit_byte(w, c"}")


cdef int emit_string(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    cdef PyObject* verdict
    cdef int failed = -1

    if not PyUnicode_CheckExact(value):
        return -1
    if node.identifier and w.bounded and not (
        PyUnicode_IS_COMPACT_ASCII(value)
        and is_identifier(<const unsigned char*>PyUnicode_DATA(value), PyUnicode_GET_LENGTH(value))
    ):
        return -1
    if node.uri != NULL:
        Py_INCREF(value)
        verdict = PyObject_CallOneArg(node.uri, value)
        if verdict == Py_True:
            failed = emit_text(w, value, node.max_length)
        Py_DECREF(value)
        if verdict == NULL:
            drop_error()
            return -1
        Py_DECREF(verdict)
        return failed
    return emit_text(w, value, node.max_length)


cdef int emit_text(Sink* w, PyObject* value, Py_ssize_t max_length) noexcept:
    """Write a string of at most `max_length` code points, in quotes."""
    cdef const char* text
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(value)

    if 0 <= max_length < size:
        return -1
    if PyUnicode_IS_COMPACT_ASCII(value):
        text = <const char*>PyUnicode_DATA(value)
    else:
        text = PyUnicode_AsUTF8AndSize(value, &size)
        if text == NULL:  # a lone surrogate
            drop_error()
            return -1
    return emit_quoted(w, <const unsigned char*>text, size)


cdef int emit_quoted(Sink* w, const unsigned char* p, Py_ssize_t size) noexcept:
    cdef Py_ssize_t copied

    if reserve(w, size + 2) < 0:
        return -1
    w.text[w.size] = c'"'
    w.size += 1
    while True:
        copied = copy_plain(<unsigned char*>w.text + w.size, p, size)
        w.size += copied
        if copied == size:
            return emit_byte(w, c'"')
        if emit_escape(w, p[copied]) < 0 or reserve(w, size + 1) < 0:
            return -1
        p += copied + 1
        size -= copied + 1


cdef int emit_escape(Sink* w, unsigned char c) noexcept:
    cdef char[6] escape

    if c == c'"' or c == c"\\":
        escape[1] = c
    elif c == c"\n":
        escape[1] = c"n"
    elif c == c"\t":
        escape[1] = c"t"
    elif c == c"\r":
        escape[1] = c"r"
    elif c == c"\b":
        escape[1] = c"b"
    elif c == c"\f":
        escape[1] = c"f"
    else:
        memcpy(escape, b"\\u00", 4)
        escape[4] = c"0" + (c >> 4)
        escape[5] = b"0123456789abcdef"[c & 15]
        return emit_bytes(w, escape, 6)
    escape[0] = c"\\"
    return emit_bytes(w, escape, 2)


cdef int emit_enum(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    """Write a member, or a plain string that is the value of one."""
    cdef const EnumTable* table = node.enum
    cdef unsigned int slot = address_hash(value)
    cdef const EnumEntry* entry
    cdef const char* text
    cdef Py_ssize_t size = 0

    while True:
        entry = &table.by_member[slot & table.mask]
        if entry.member == value:
            return emit_kept(w, <const char*>entry.text, entry.size + 2)
        if entry.text == NULL:
            break
        slot += 1
    if not PyUnicode_CheckExact(value):
        return -1
    text = PyUnicode_AsUTF8AndSize(value, &size)
    if text == NULL:
        drop_error()
        return -1
    entry = find_entry(table, <const unsigned char*>text, size)
    return -1 if entry == NULL else emit_kept(w, <const char*>entry.text, entry.size + 2)


cdef int emit_list(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    cdef int failed

    if not PyList_CheckExact(value):
        return -1
    Py_INCREF(value)
    failed = emit_items(w, value, node, depth)
    Py_DECREF(value)
    return failed


cdef int emit_items(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    cdef Py_ssize_t index
    cdef Py_ssize_t size = PyList_GET_SIZE(value)

    if size < node.min_items or 0 <= node.max_items < size or emit_byte(w, c"[") < 0:
        return -1
    for index in range(size):
        if index > 0 and emit_byte(w, c",") < 0 or PyList_GET_SIZE(value) != size:
            return -1
        if node.item.emit(w, PyList_GET_ITEM(value, index), node.item, depth + 1) < 0:
            return -1
    return emit_byte(w, c"]")


cdef int emit_integer(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    cdef int overflow = 0
    cdef long long number

    if not PyLong_CheckExact(value):
        return -1
    number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow or not in_range(<double>number, node):
        return -1
    if w.bounded and node.op == INTEGER and not -MOST_OF_32_BITS - 1 <= number <= MOST_OF_32_BITS:
        return -1
    return emit_decimal(w, number, 0)


cdef int emit_decimal(Sink* w, long long number, int decimals) noexcept:
    """Write number / 10**decimals; with decimals, at least one digit stands before the point."""
    cdef char[24] digits
    cdef char* end = digits + 24
    cdef char* start = end
    cdef unsigned long long rest = <unsigned long long>number
    cdef int _written

    if number < 0:
        rest = 0 - rest
    for _written in range(decimals):
        start -= 1
        start[0] = c"0" + <char>(rest % 10)
        rest //= 10
    if decimals:
        start -= 1
        start[0] = c"."
    start = put_number(start, rest)
    if number < 0:
        start -= 1
        start[0] = c"-"
    return emit_bytes(w, start, end - start)


cdef int emit_number(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    """Write a number with the fewest digits that give it back."""
    cdef double number
    cdef double scaled
    cdef int decimals
    cdef bint tenths = node.tenths or node.sent_in_tenths and w.bounded

    if PyLong_CheckExact(value):
        return emit_integer(w, value, node, depth)
    if not PyFloat_CheckExact(value):
        return -1
    number = PyFloat_AS_DOUBLE(value)
    if not isfinite(number) or not in_range(number, node):
        return -1
    if 1e-5 <= fabs(number) < 1e14 or number == 0 and not signbit(number):  # written without an exponent
        for decimals in range(1, 2 if tenths else 7):
            scaled = round(number * POWERS[decimals])
            if -1e15 < scaled < 1e15 and scaled / POWERS[decimals] == number:
                return emit_decimal(w, <long long>scaled, decimals)
    if tenths:
        return -1
    return emit_rounded(w, number) if w.bounded else emit_dumped(w, value)


cdef int emit_rounded(Sink* w, double number) noexcept:
    """Write a number below 1e7 with six decimal places at most (R50).

    What is near the middle of two is declined: the reference core rounds the decimal text, which the double is not.
    """
    cdef double scaled = number * 1e6
    cdef long long digits
    cdef int decimals = 6

    if not fabs(number) < 1e7:
        return -1
    digits = <long long>round(scaled)
    if fabs(scaled - <double>digits) > 0.49 or digits == 0 and signbit(number):
        return -1
    while decimals > 1 and digits % 10 == 0:
        digits //= 10
        decimals -= 1
    return emit_decimal(w, digits, decimals)


cdef int emit_free(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    """Write any JSON value."""
    return emit_dumped(w, value) if check_free(value, MAX_DEPTH - depth) else -1


cdef int emit_dict(Sink* w, PyObject* value, int depth) noexcept:
    """Write an object of any keys."""
    return emit_dumped(w, value) if PyDict_CheckExact(value) and check_free(value, MAX_DEPTH - depth) else -1


cdef int emit_open(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    """Write an object of any keys; a `vendorId` must be among them."""
    return emit_dict(w, value, depth) if check_vendor(value, node.max_length) else -1


cdef bint check_free(PyObject* value, int levels) noexcept:
    """Tell whether a value holds nothing but JSON's own types and nests at most so many levels deep.

    Strings and integers are not looked into: the JSON writer refuses those that are not plainly right.
    """
    cdef Py_ssize_t place = 0
    cdef PyObject* key
    cdef PyObject* item

    if PyUnicode_CheckExact(value) or PyLong_CheckExact(value):
        return True
    if value == Py_None or value == Py_True or value == Py_False:
        return True
    if PyFloat_CheckExact(value):
        return isfinite(PyFloat_AS_DOUBLE(value))
    if PyList_CheckExact(value) and levels > 0:
        for place in range(PyList_GET_SIZE(value)):
            if not check_free(PyList_GET_ITEM(value, place), levels - 1):
                return False
        return True
    if not PyDict_CheckExact(value) or levels <= 0:
        return False
    while PyDict_Next(value, &place, &key, &item):
        if not PyUnicode_CheckExact(key) or not check_free(item, levels - 1):
            return False
    return True


cdef int emit_dumped(Sink* w, PyObject* value) noexcept:
    """Let the JSON writer write a value that `check_free` has let pass."""
    cdef PyObject* text = PyObject_CallOneArg(<PyObject*>_dumps, value)
    cdef int failed

    if text == NULL:
        drop_error()
        return -1
    failed = emit_bytes(w, PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
    Py_DECREF(text)
    return failed


cdef int emit_date_time(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    """Write an aware datetime whose zone is `datetime.UTC` itself."""
    cdef char* text
    cdef int year
    cdef int microsecond

    if not PyDateTime_CheckExact(value) or PyDateTime_DATE_GET_TZINFO(value) != <PyObject*>PyDateTimeAPI.TimeZone_UTC:
        return -1
    if reserve(w, 32) < 0:
        return -1
    text = w.text + w.size
    moment = <object>value
    year = datetime_year(moment)
    microsecond = datetime_microsecond(moment)
    memcpy(text, b'"----------T--:--:--.------Z"', 29)
    put_pair(text + 1, year // 100)
    put_pair(text + 3, year % 100)
    put_pair(text + 6, datetime_month(moment))
    put_pair(text + 9, datetime_day(moment))
    put_pair(text + 12, datetime_hour(moment))
    put_pair(text + 15, datetime_minute(moment))
    put_pair(text + 18, datetime_second(moment))
    put_pair(text + 21, microsecond // 10000)
    put_pair(text + 23, microsecond // 100 % 100)
    put_pair(text + 25, microsecond % 100)
    text += 21 + w.fraction - (w.fraction == 0)  # behind the last digit, over the point where there is none
    memcpy(text, b'Z"', 2)
    w.size = text + 2 - w.text
    return 0


cdef int emit_boolean(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    if value == Py_True:
        return emit_bytes(w, b"true", 4)
    return emit_bytes(w, b"false", 5) if value == Py_False else -1


cdef int emit_nested(Sink* w, PyObject* value, const Node* node, int depth) noexcept:
    return emit_object(w, value, node.plan, depth + 1)


# Operations

cdef struct Operation:
    Scanner scan
    Emitter emit

cdef Operation[OPERATIONS] _operations
_operations[STRING] = Operation(scan_string, emit_string)
_operations[INTEGER] = Operation(scan_number, emit_integer)
_operations[NUMBER] = Operation(scan_number, emit_number)
_operations[BOOLEAN] = Operation(scan_boolean, emit_boolean)
_operations[DATE_TIME] = Operation(scan_date_time, emit_date_time)
_operations[ENUM] = Operation(scan_enum, emit_enum)
_operations[OBJECT] = Operation(scan_nested, emit_nested)
_operations[LIST] = Operation(scan_list, emit_list)
_operations[JSON] = Operation(scan_free, emit_free)
_operations[OPEN] = Operation(scan_open, emit_open)
