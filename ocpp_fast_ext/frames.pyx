# cython: binding=False
"""The compiled frame core: the head of a frame and its payload, read or written in one pass.

It declines what it cannot judge and leaves it to the reference core, which is given as `fallback`. When it meets
an action or a class for the first time it asks `lookup` for the plan and keeps the answer.
"""

cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.object cimport PyObject
from libc.string cimport memchr
from ocpp_fast_ext.payload cimport (
    PAYLOAD_DEPTH,
    SLACK,
    CompiledPlan,
    ObjectPlan,
    Source,
    Sink,
    close_sink,
    compiled_plan,
    emit_bytes,
    emit_dict,
    emit_object,
    emit_text,
    open_sink,
    raise_kept,
    scan_dict,
    scan_object,
    scan_text,
)

import orjson

__all__ = ["Call", "CallResult", "CompiledDecoder", "CompiledEncoder", "Send"]

cdef extern from "Python.h":
    void Py_DECREF(PyObject* value) noexcept
    void Py_XDECREF(PyObject* value) noexcept
    bint PyBytes_CheckExact(object value) noexcept
    bint PyByteArray_CheckExact(object value) noexcept
    bint PyMemoryView_Check(object value) noexcept
    bint PyUnicode_CheckExact(object value) noexcept
    char* PyBytes_AS_STRING(object value) noexcept
    Py_ssize_t PyBytes_GET_SIZE(object value) noexcept
    Py_ssize_t PyUnicode_GET_LENGTH(PyObject* text) noexcept

cdef extern from "scan.h":
    bint begins_with(
        const unsigned char* p, const unsigned char* end, const unsigned char* text, Py_ssize_t size
    ) noexcept
    const unsigned char* past_space(const unsigned char* p, const unsigned char* end) noexcept
    unsigned int short_hash(const unsigned char* p, Py_ssize_t size) noexcept

cdef enum:
    MAX_UNIQUE_ID = 36
    MAX_DESCRIPTION = 255

cdef struct Known:
    PyObject* key
    const ObjectPlan* plan  # NULL: it has no compiled form
    const char* head  # what stands between the unique id and the payload of a call
    Py_ssize_t head_size

cdef struct ActionEntry:
    const unsigned char* action  # in quotes, with SLACK bytes behind
    Py_ssize_t size  # with the quotes
    PyObject* described  # the action itself
    const ObjectPlan* plan  # NULL: it has no compiled form
    unsigned char message_type  # the digit of a CALL or of a SEND


@cython.final
cdef class KnownTable:
    """The plans of some objects, found by the objects' identity."""

    cdef dict kept  # by identity
    cdef Known* entries
    cdef unsigned int mask

    def __cinit__(self):
        self.kept = {}

    def __dealloc__(self):
        PyMem_Free(self.entries)

    cdef int add(self, object key, CompiledPlan plan, bytes head) except -1:
        cdef unsigned int slots = 16
        cdef unsigned int slot
        cdef Known* entries

        self.kept[<size_t><PyObject*>key] = key, plan, head
        while slots < 2 * len(self.kept):
            slots *= 2
        entries = <Known*>PyMem_Calloc(slots, sizeof(Known))
        if entries == NULL:
            raise MemoryError
        for key, plan, head in self.kept.values():
            slot = identity_hash(<PyObject*>key)
            while entries[slot & (slots - 1)].key != NULL:
                slot += 1
            entries[slot & (slots - 1)].key = <PyObject*>key
            entries[slot & (slots - 1)].plan = root_of(plan)
            entries[slot & (slots - 1)].head = PyBytes_AS_STRING(head)
            entries[slot & (slots - 1)].head_size = len(head)
        PyMem_Free(self.entries)
        self.entries = entries
        self.mask = slots - 1
        return 0

    cdef inline const Known* find(self, PyObject* key) noexcept:
        cdef unsigned int slot = identity_hash(key)
        cdef const Known* entry

        if self.entries == NULL:
            return NULL
        while True:
            entry = &self.entries[slot & self.mask]
            if entry.key == key:
                return entry
            if entry.key == NULL:
                return NULL
            slot += 1


cdef inline const ObjectPlan* root_of(CompiledPlan plan) noexcept:
    return NULL if plan is None else plan.root


cdef inline unsigned int identity_hash(PyObject* key) noexcept:
    return <unsigned int>(<size_t>key >> 4) ^ <unsigned int>(<size_t>key >> 10)


cdef inline bint scan_mark(Source* r, unsigned char mark) noexcept:
    """Read one character with the white space around it."""
    r.p = past_space(r.p, r.end)
    if r.p >= r.end or r.p[0] != mark:
        return False
    r.p = past_space(r.p + 1, r.end)
    return True


@cython.freelist(64)
cdef class Call:
    """A CALL that was received; see the reference core."""

    cdef readonly object unique_id
    cdef readonly object action
    cdef readonly object payload
    cdef readonly object raw

    def __init__(self, unique_id, action, payload, raw):
        self.unique_id = unique_id
        self.action = action
        self.payload = payload
        self.raw = raw

    @property
    def signature(self):
        """The signature: a subclass has one. A field here would cost every CALL a tenth of its reading."""
        return None

    def __reduce__(self):
        return type(self), (self.unique_id, self.action, self.payload, self.raw)

    def __eq__(self, other):
        return type(self) is type(other) and self.__reduce__() == other.__reduce__()

    __hash__ = None  # payloads are mutable

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

    def __reduce__(self):
        return type(self), (self.unique_id, self.payload)

    def __eq__(self, other):
        return type(self) is type(other) and self.__reduce__() == other.__reduce__()

    __hash__ = None  # payloads are mutable

    def __repr__(self):
        return f"CallResult({self.unique_id!r}, {self.payload!r})"


@cython.final
cdef class Send:
    """A SEND that was received; see the reference core."""

    cdef readonly object unique_id
    cdef readonly object action
    cdef readonly object payload
    cdef readonly object raw
    cdef readonly object signature

    def __init__(self, unique_id, action, payload, raw, signature=None):
        self.unique_id = unique_id
        self.action = action
        self.payload = payload
        self.raw = raw
        self.signature = signature

    def __reduce__(self):
        return type(self), (self.unique_id, self.action, self.payload, self.raw, self.signature)

    def __eq__(self, other):
        return type(self) is type(other) and self.__reduce__() == other.__reduce__()

    __hash__ = None  # payloads are mutable

    def __repr__(self):
        return f"Send({self.unique_id!r}, {self.payload!r})"


@cython.final
cdef class CompiledDecoder:
    """Reads frames of all kinds; see `contract.CompiledDecoder`."""

    cdef object fallback
    cdef object error
    cdef object lookup
    cdef bint refuses_results
    cdef list kept
    cdef ActionEntry* actions  # a hash table
    cdef unsigned int actions_mask
    cdef const ActionEntry* latest  # that was read; NULL: none was
    cdef KnownTable results  # by action

    def __cinit__(self, *, fallback, error, lookup, bint refuses_results):
        self.fallback = fallback
        self.error = error
        self.lookup = lookup
        self.refuses_results = refuses_results
        self.kept = []
        self.results = KnownTable()

    def __dealloc__(self):
        PyMem_Free(self.actions)

    cdef int build_table(self) except -1:
        cdef unsigned int slots = 16
        cdef unsigned int slot
        cdef ActionEntry* table

        while slots < 2 * len(self.kept):
            slots *= 2
        table = <ActionEntry*>PyMem_Calloc(slots, sizeof(ActionEntry))
        if table == NULL:
            raise MemoryError
        for message_type, text, action, plan in self.kept:
            slot = short_hash(<const unsigned char*>PyBytes_AS_STRING(text) + 1, len(text) - SLACK - 2)
            while table[slot & (slots - 1)].action != NULL:
                slot += 1
            table[slot & (slots - 1)].action = <const unsigned char*>PyBytes_AS_STRING(text)
            table[slot & (slots - 1)].size = len(text) - SLACK
            table[slot & (slots - 1)].described = <PyObject*>action
            table[slot & (slots - 1)].plan = root_of(plan)
            table[slot & (slots - 1)].message_type = message_type
        PyMem_Free(self.actions)
        self.actions = table
        self.actions_mask = slots - 1
        self.latest = NULL
        return 0

    cdef const ActionEntry* scan_action(self, Source* r, unsigned char message_type) except? NULL:
        """Read the action of a call or send; NULL if it is not one that is taken here."""
        cdef const unsigned char* stop
        cdef const ActionEntry* entry

        if self.latest != NULL and begins_with(r.p, r.end, self.latest.action, self.latest.size):
            r.p += self.latest.size
            return self.latest
        if r.p >= r.end or r.p[0] != c'"':
            return NULL
        stop = <const unsigned char*>memchr(r.p + 1, c'"', r.end - r.p - 1)
        if stop == NULL:
            return NULL
        entry = self.find_action(r, stop)
        if entry == NULL and self.ask(message_type, r.p[: stop + 1 - r.p]):
            entry = self.find_action(r, stop)
        if entry != NULL:
            r.p = stop + 1
            self.latest = entry
        return entry

    cdef const ActionEntry* find_action(self, Source* r, const unsigned char* stop) noexcept:
        cdef unsigned int slot = short_hash(r.p + 1, stop - r.p - 1)
        cdef const ActionEntry* entry

        if self.actions == NULL:
            return NULL
        while True:
            entry = &self.actions[slot & self.actions_mask]
            if entry.action == NULL or begins_with(r.p, r.end, entry.action, entry.size):
                return NULL if entry.action == NULL else entry
            slot += 1

    cdef bint ask(self, unsigned char message_type, bytes text) except -1:
        """Ask for the action whose name, in quotes, is `text`, and keep it; whether it is taken here."""
        try:
            name = text[1:-1].decode()
        except UnicodeDecodeError:
            return False
        found = self.lookup(message_type - c"0", name)
        if found is None or orjson.dumps(name) != text:
            return False
        action, plan = found
        self.kept.append((message_type, text + bytes(SLACK), action, compiled_plan(plan)))
        self.build_table()
        return True

    def decode(self, raw, open_call):
        """Return the frame in `raw`, or what the fallback makes of it."""
        cdef Source r

        if not PyBytes_CheckExact(raw) and (PyByteArray_CheckExact(raw) or PyMemoryView_Check(raw)):
            raw = bytes(raw)  # they may change while they are read
        if PyBytes_CheckExact(raw):
            r.p = <const unsigned char*>PyBytes_AS_STRING(raw)
            r.end = r.p + PyBytes_GET_SIZE(raw)
            frame = self.scan_frame(&r, raw, open_call) if scan_mark(&r, c"[") and r.p < r.end else None
            if frame is not None:
                return frame
            raise_kept()
        return self.fallback(raw, open_call)

    cdef object scan_frame(self, Source* r, object raw, object open_call):
        cdef unsigned char message_type = r.p[0]

        r.p += 1
        if message_type == c"2" or message_type == c"6":
            return self.scan_call(r, message_type, raw)
        if message_type == c"3":
            return self.scan_result(r, open_call)
        if message_type == c"4" or message_type == c"5" and self.refuses_results:
            return self.scan_error(r, message_type - c"0", open_call)
        return None

    cdef object scan_call(self, Source* r, unsigned char message_type, object raw):
        """Read the rest of a CALL or of a SEND."""
        cdef const ActionEntry* known
        cdef const ObjectPlan* plan
        cdef Call call

        unique_id = scan_id(r)
        if unique_id is None:
            return None
        known = self.scan_action(r, message_type) if scan_mark(r, c",") else NULL
        if known == NULL or known.plan == NULL or known.message_type != message_type or not scan_mark(r, c","):
            return None
        action = <object>known.described
        plan = known.plan  # while the payload is read, a new table may take the place of the entry's
        payload = own(scan_object(r, plan))
        if payload is None or not scan_end(r):
            return None
        if message_type == c"6":
            return Send(unique_id, action, payload, raw)
        call = Call.__new__(Call)
        call.unique_id = unique_id
        call.action = action
        call.payload = payload
        call.raw = raw
        return call

    cdef object scan_result(self, Source* r, object open_call):
        """Read the rest of a CALLRESULT."""
        cdef const Known* known
        cdef CallResult result

        unique_id = scan_id(r)
        if unique_id is None or not scan_mark(r, c","):
            return None
        action = open_call(unique_id)
        if action is None:
            return None
        known = known_of(self.results, action, self.lookup, 3)
        if known == NULL or known.plan == NULL:
            return None
        payload = own(scan_object(r, known.plan))
        if payload is None or not scan_end(r):
            return None
        result = CallResult.__new__(CallResult)
        result.unique_id = unique_id
        result.payload = payload
        return result

    cdef object scan_error(self, Source* r, int message_type, object open_call):
        """Read the rest of a CALLERROR or of a CALLRESULTERROR."""
        unique_id = scan_id(r)
        if unique_id is None or message_type == 4 and open_call(unique_id) is None:
            return None
        code = own(scan_text(r, -1)) if scan_mark(r, c",") else None
        description = own(scan_text(r, -1)) if code is not None and scan_mark(r, c",") else None
        details = own(scan_dict(r)) if description is not None and scan_mark(r, c",") else None
        if details is None or not scan_end(r):
            return None
        return self.error(message_type, unique_id, code, description, details)


cdef inline const Known* known_of(KnownTable table, object key, object lookup, int message_type) except? NULL:
    """Return what is known of an action or a class; asks once, and keeps the answer."""
    cdef const Known* known = table.find(<PyObject*>key)

    if known != NULL:
        return known
    found = lookup(message_type, key)
    if found is None:
        return NULL
    action, plan = found
    table.add(key, compiled_plan(plan), b"," if message_type == 3 else b",%b," % orjson.dumps(action.name))
    return table.find(<PyObject*>key)


cdef inline object own(PyObject* value):
    """Hand a new reference over to Cython; None for NULL."""
    if value == NULL:
        return None
    made = <object>value
    Py_DECREF(value)
    return made


cdef inline object scan_id(Source* r):
    """Read the comma and the unique id behind the message type (R3), or return None."""
    cdef PyObject* text = scan_text(r, MAX_UNIQUE_ID) if scan_mark(r, c",") else NULL

    if text != NULL and PyUnicode_GET_LENGTH(text) == 0:
        Py_DECREF(text)
        return None
    return own(text)


cdef bint scan_end(Source* r) noexcept:
    """Read the end of the frame, and find nothing behind it."""
    return scan_mark(r, c"]") and r.p == r.end


@cython.final
cdef class CompiledEncoder:
    """Writes frames of all kinds; see `contract.CompiledEncoder`."""

    cdef int fraction
    cdef bint bounded
    cdef object lookup
    cdef object call_fallback
    cdef object send_fallback
    cdef object result_fallback
    cdef object error_fallback
    cdef KnownTable calls  # by class of the request
    cdef KnownTable sends  # by class of the notification
    cdef KnownTable results  # by action

    def __cinit__(self, int fraction, *, lookup, call, send, result, error, bint bounded=False):
        self.fraction = fraction
        self.bounded = bounded
        self.lookup = lookup
        self.call_fallback = call
        self.send_fallback = send
        self.result_fallback = result
        self.error_fallback = error
        self.calls = KnownTable()
        self.sends = KnownTable()
        self.results = KnownTable()

    def call(self, unique_id, request):
        """Return a CALL, or what the fallback makes of it."""
        frame = self.emit_frame(c"2", unique_id, known_of(self.calls, type(request), self.lookup, 2), request)
        return self.call_fallback(unique_id, request) if frame is None else frame

    def send(self, unique_id, notification):
        """Return a SEND, or what the fallback makes of it."""
        frame = self.emit_frame(
            c"6", unique_id, known_of(self.sends, type(notification), self.lookup, 6), notification
        )
        return self.send_fallback(unique_id, notification) if frame is None else frame

    def result(self, call, response):
        """Return a CALLRESULT, or what the fallback makes of it."""
        cdef const Known* known

        if isinstance(call, Call):
            known = known_of(self.results, (<Call>call).action, self.lookup, 3)
            frame = self.emit_frame(c"3", (<Call>call).unique_id, known, response)
            if frame is not None:
                return frame
        return self.result_fallback(call, response)

    def error(self, int message_type, unique_id, code, description, details):
        """Return a CALLERROR or a CALLRESULTERROR, or what the fallback makes of it."""
        frame = None
        if message_type == 4 or message_type == 5:
            frame = self.emit_error(c"0" + message_type, unique_id, code, description, details)
        if frame is not None:
            return frame
        return self.error_fallback(message_type, unique_id, code, description, details)

    cdef object emit_error(
        self, char message_type, object unique_id, object code, object description, object details
    ):
        cdef Sink w
        cdef int failed

        if not PyUnicode_CheckExact(code) or not PyUnicode_CheckExact(description):
            return None
        if open_frame(&w, self, message_type, unique_id) < 0:
            return None
        failed = (
            emit_text(&w, <PyObject*>unique_id, -1) < 0
            or emit_bytes(&w, b",", 1) < 0
            or emit_text(&w, <PyObject*>code, -1) < 0
            or emit_bytes(&w, b",", 1) < 0
            or emit_text(&w, <PyObject*>description, MAX_DESCRIPTION) < 0
            or emit_bytes(&w, b",", 1) < 0
            or emit_dict(&w, <PyObject*>details, 1) < 0
            or emit_bytes(&w, b"]", 1) < 0
        )
        return close_sink(&w, failed)

    cdef object emit_frame(self, char message_type, object unique_id, const Known* known, object payload):
        cdef Sink w
        cdef int failed

        if known == NULL or known.plan == NULL or open_frame(&w, self, message_type, unique_id) < 0:
            return None
        failed = (
            emit_text(&w, <PyObject*>unique_id, -1) < 0
            or emit_bytes(&w, known.head, known.head_size) < 0
            or emit_object(&w, <PyObject*>payload, known.plan, PAYLOAD_DEPTH) < 0
            or emit_bytes(&w, b"]", 1) < 0
        )
        return close_sink(&w, failed)


cdef inline int open_frame(Sink* w, CompiledEncoder writer, char message_type, object unique_id) noexcept:
    """Begin a frame, up to its unique id."""
    if not PyUnicode_CheckExact(unique_id) or open_sink(w, writer.fraction, writer.bounded) < 0:
        return -1
    w.text[0] = c"["  # an open writer has room for this
    w.text[1] = message_type
    w.text[2] = c","
    w.size = 3
    return 0
