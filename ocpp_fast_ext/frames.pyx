"""The compiled frame core: the head of a frame and its payload, read or written in one pass.

What is not plainly right is declined, and left to the reference core, which is given as `fallback`.
"""

cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.object cimport PyObject
from libc.string cimport memchr, memcmp
from ocpp_fast_ext.payload cimport (
    CompiledPlan,
    ObjectPlan,
    Reader,
    Writer,
    close_writer,
    compiled_plan,
    emit_bytes,
    emit_object,
    emit_text,
    open_writer,
    raise_kept,
    scan_object,
    scan_text,
)

import orjson

__all__ = ["Call", "CallResult", "FrameReader", "FrameWriter"]

cdef extern from "Python.h":
    void Py_DECREF(PyObject* value) noexcept
    void Py_XDECREF(PyObject* value) noexcept
    bint PyBytes_CheckExact(object value) noexcept
    bint PyUnicode_CheckExact(object value) noexcept
    char* PyBytes_AS_STRING(object value) noexcept
    Py_ssize_t PyBytes_GET_SIZE(object value) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject* text) noexcept

cdef extern from "scan.h":
    unsigned int short_hash(const unsigned char* p, Py_ssize_t size) noexcept

cdef enum:
    MAX_UNIQUE_ID = 36

cdef struct ActionEntry:
    const unsigned char* action
    Py_ssize_t size
    PyObject* message
    const ObjectPlan* plan


cdef inline void skip_space(Reader* r) noexcept:
    while r.p < r.end and (r.p[0] == c" " or r.p[0] == c"\n" or r.p[0] == c"\r" or r.p[0] == c"\t"):
        r.p += 1


cdef inline bint scan_mark(Reader* r, unsigned char mark) noexcept:
    """Read one character with the white space around it."""
    skip_space(r)
    if r.p >= r.end or r.p[0] != mark:
        return False
    r.p += 1
    skip_space(r)
    return True


@cython.freelist(64)
cdef class Call:
    """A CALL that was received; see the reference core."""

    cdef readonly object unique_id
    cdef readonly object message
    cdef readonly object payload
    cdef readonly object raw

    def __init__(self, unique_id, message, payload, raw):
        self.unique_id = unique_id
        self.message = message
        self.payload = payload
        self.raw = raw

    @property
    def signature(self):
        """Who signed it: a subclass has one. A field here would cost every CALL a tenth of its reading."""
        return None

    def __repr__(self):
        return f"Call({self.unique_id!r}, {self.payload!r})"


@cython.final
@cython.freelist(64)
cdef class CallResult:
    """A CALLRESULT that was received; see the reference core."""

    cdef readonly object unique_id
    cdef readonly object payload

    def __init__(self, unique_id, payload):
        self.unique_id = unique_id
        self.payload = payload

    def __repr__(self):
        return f"CallResult({self.unique_id!r}, {self.payload!r})"


@cython.final
cdef class FrameReader:
    """Reads CALLs and CALLRESULTs; see `contract.FrameReader`."""

    cdef object fallback
    cdef list kept
    cdef ActionEntry* calls  # a hash table
    cdef unsigned int calls_mask
    cdef dict results  # message -> CompiledPlan

    def __cinit__(self, fallback):
        self.fallback = fallback
        self.kept = []
        self.results = {}

    def __dealloc__(self):
        PyMem_Free(self.calls)

    def learn_call(self, message, plan):
        """Read calls of `message` here from now on; its action must be new here."""
        action = orjson.dumps(message.action)[1:-1]
        made = compiled_plan(plan)
        if made is not None and b"\\" not in action:
            self.kept.append((action, message, made))
            self.build_table()

    cdef int build_table(self) except -1:
        cdef unsigned int slots = 16
        cdef unsigned int slot
        cdef ActionEntry* table

        while slots < 2 * len(self.kept):
            slots *= 2
        table = <ActionEntry*>PyMem_Calloc(slots, sizeof(ActionEntry))
        if table == NULL:
            raise MemoryError
        for action, message, plan in self.kept:
            slot = short_hash(<const unsigned char*>PyBytes_AS_STRING(action), len(action))
            while table[slot & (slots - 1)].action != NULL:
                slot += 1
            table[slot & (slots - 1)].action = <const unsigned char*>PyBytes_AS_STRING(action)
            table[slot & (slots - 1)].size = len(action)
            table[slot & (slots - 1)].message = <PyObject*>message
            table[slot & (slots - 1)].plan = (<CompiledPlan>plan).root
        PyMem_Free(self.calls)
        self.calls = table
        self.calls_mask = slots - 1
        return 0

    cdef const ActionEntry* scan_action(self, Reader* r) noexcept:
        """Read the action of a call; NULL if it is not one that was learnt."""
        cdef const unsigned char* action = r.p + 1
        cdef const unsigned char* stop
        cdef const ActionEntry* entry
        cdef unsigned int slot

        if self.calls == NULL or r.p >= r.end or r.p[0] != c'"':
            return NULL
        stop = <const unsigned char*>memchr(action, c'"', r.end - action)
        if stop == NULL:
            return NULL
        slot = short_hash(action, stop - action)
        while True:
            entry = &self.calls[slot & self.calls_mask]
            if entry.action == NULL:
                return NULL
            if entry.size == stop - action and memcmp(entry.action, action, entry.size) == 0:
                r.p = stop + 1
                return entry
            slot += 1

    def learn_result(self, message, plan):
        """Read results of `message` here from now on."""
        made = compiled_plan(plan)
        if made is not None:
            self.results[message] = made

    def decode(self, raw, open_call):
        """Return the frame in `raw`, or what the fallback makes of it."""
        cdef Reader r

        if PyBytes_CheckExact(raw):
            r.p = <const unsigned char*>PyBytes_AS_STRING(raw)
            r.end = r.p + PyBytes_GET_SIZE(raw)
            if scan_mark(&r, c"[") and r.p < r.end:
                if r.p[0] == c"2":
                    r.p += 1
                    frame = self.scan_call(&r, raw)
                elif r.p[0] == c"3":
                    r.p += 1
                    frame = self.scan_result(&r, open_call)
                else:
                    frame = None
                if frame is not None:
                    return frame
                raise_kept()
        return self.fallback(raw, open_call)

    cdef object scan_call(self, Reader* r, object raw):
        cdef PyObject* text = scan_id(r)
        cdef const ActionEntry* known
        cdef const ObjectPlan* plan
        cdef PyObject* payload
        cdef Call call

        if text == NULL:
            return None
        unique_id = own(text)
        known = self.scan_action(r) if scan_mark(r, c",") else NULL
        if known == NULL or not scan_mark(r, c","):
            return None
        message = <object>known.message
        plan = known.plan  # while the payload is read, a new table may take the place of the entry's
        payload = scan_object(r, plan)
        if payload == NULL or not scan_end(r):
            Py_XDECREF(payload)
            return None
        call = Call.__new__(Call)
        call.unique_id = unique_id
        call.message = message
        call.payload = own(payload)
        call.raw = raw
        return call

    cdef object scan_result(self, Reader* r, object open_call):
        cdef PyObject* text = scan_id(r)
        cdef PyObject* payload
        cdef CallResult result

        if text == NULL:
            return None
        unique_id = own(text)
        if not scan_mark(r, c","):
            return None
        message = open_call(unique_id)
        plan = None if message is None else self.results.get(message)
        if plan is None:
            return None
        payload = scan_object(r, (<CompiledPlan>plan).root)
        if payload == NULL or not scan_end(r):
            Py_XDECREF(payload)
            return None
        result = CallResult.__new__(CallResult)
        result.unique_id = unique_id
        result.payload = own(payload)
        return result


cdef inline object own(PyObject* value):
    """Hand a new reference over to Cython."""
    made = <object>value
    Py_DECREF(value)
    return made


cdef PyObject* scan_id(Reader* r) noexcept:
    """Read the comma and the unique id behind the message type (R3)."""
    cdef PyObject* unique_id

    if not scan_mark(r, c","):
        return NULL
    unique_id = scan_text(r, MAX_UNIQUE_ID)
    if unique_id != NULL and PyUnicode_GET_LENGTH(unique_id) == 0:
        Py_DECREF(unique_id)
        return NULL
    return unique_id


cdef bint scan_end(Reader* r) noexcept:
    """Read the end of the frame, and find nothing behind it."""
    return scan_mark(r, c"]") and r.p == r.end


@cython.final
cdef class FrameWriter:
    """Writes CALLs and CALLRESULTs; see `contract.FrameWriter`."""

    cdef int fraction

    def __init__(self, int fraction):
        self.fraction = fraction

    def call(self, unique_id, action, plan, payload):
        """Return a CALL, or None to decline."""
        cdef Writer w
        cdef int failed

        made = compiled_plan(plan)
        if not PyUnicode_CheckExact(unique_id) or not PyUnicode_CheckExact(action):
            return None
        if made is None or open_writer(&w, self.fraction) < 0:
            return None
        failed = (
            emit_bytes(&w, b"[2,", 3) < 0
            or emit_text(&w, <PyObject*>unique_id, -1) < 0
            or emit_bytes(&w, b",", 1) < 0
            or emit_text(&w, <PyObject*>action, -1) < 0
            or emit_payload(&w, payload, <CompiledPlan>made) < 0
        )
        return close_writer(&w, failed)

    def result(self, unique_id, plan, payload):
        """Return a CALLRESULT, or None to decline."""
        cdef Writer w
        cdef int failed

        made = compiled_plan(plan)
        if not PyUnicode_CheckExact(unique_id):
            return None
        if made is None or open_writer(&w, self.fraction) < 0:
            return None
        failed = (
            emit_bytes(&w, b"[3,", 3) < 0
            or emit_text(&w, <PyObject*>unique_id, -1) < 0
            or emit_payload(&w, payload, <CompiledPlan>made) < 0
        )
        return close_writer(&w, failed)


cdef int emit_payload(Writer* w, object payload, CompiledPlan plan) noexcept:
    """Write the comma, the payload and the end of the frame."""
    if emit_bytes(w, b",", 1) < 0 or emit_object(w, <PyObject*>payload, plan.root, 2) < 0:
        return -1
    return emit_bytes(w, b"]", 1)
