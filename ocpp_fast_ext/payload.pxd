"""What the compiled payload core offers to the compiled frame core."""

from cpython.object cimport PyObject, PyTypeObject

cdef enum:
    SLACK = 32
    PAYLOAD_DEPTH = 2  # the level of a payload in its frame

cdef struct Source:
    const unsigned char* p
    const unsigned char* end

cdef struct Sink:
    char* text
    Py_ssize_t size
    Py_ssize_t capacity
    int fraction
    bint bounded  # as 2.x sends it (R50, R51)

cdef struct EnumEntry:
    const unsigned char* text  # in quotes, with SLACK bytes behind
    Py_ssize_t size  # without the quotes
    PyObject* member

cdef struct EnumTable:
    const EnumEntry* latest  # what was read here last, and is likely to be read again
    unsigned int mask
    EnumEntry* entries  # by text
    EnumEntry* by_member  # by address

cdef struct Node
ctypedef PyObject* (*Scanner)(Source* r, const Node* node) noexcept
ctypedef int (*Emitter)(Sink* w, PyObject* value, const Node* node, int depth) noexcept

cdef struct Node:
    Scanner scan
    Emitter emit
    int op
    bint has_minimum
    bint has_maximum
    bint tenths
    bint sent_in_tenths  # by 2.x
    bint identifier
    int levels  # how deep its values may nest
    Py_ssize_t max_length
    Py_ssize_t min_items
    Py_ssize_t max_items
    double minimum
    double maximum
    PyObject* uri
    EnumTable* enum
    ObjectPlan* plan
    Node* item

cdef struct Member:
    const Member* next  # of the last one, the first one
    unsigned long long bit
    const unsigned char* key
    Py_ssize_t key_size
    const char* label  # the key with its comma and colon, with SLACK bytes behind
    Py_ssize_t label_size
    Py_ssize_t offset
    bint required
    PyObject* absent
    Node node

cdef struct ObjectPlan:
    PyTypeObject* kind
    Py_ssize_t size
    Member* members
    unsigned long long all  # a bit for each member
    unsigned long long required
    PyObject* only  # the one instance of a class that has no fields; NULL: it has some
    int levels

cdef class CompiledPlan:
    cdef ObjectPlan* root
    cdef list kept
    cdef list blocks
    cdef void* allocate(self, size_t size) except NULL
    cdef const char* keep(self, bytes text) except NULL

cdef PyObject* scan_text(Source* r, Py_ssize_t max_length) noexcept
cdef PyObject* scan_object(Source* r, const ObjectPlan* plan) noexcept
cdef PyObject* scan_dict(Source* r) noexcept
cdef int emit_object(Sink* w, PyObject* value, const ObjectPlan* plan, int depth) noexcept
cdef int emit_dict(Sink* w, PyObject* value, int depth) noexcept
cdef int emit_text(Sink* w, PyObject* value, Py_ssize_t max_length) noexcept
cdef int emit_bytes(Sink* w, const char* text, Py_ssize_t size) noexcept
cdef int open_sink(Sink* w, int fraction, bint bounded) noexcept
cdef object close_sink(Sink* w, int failed)
cdef int raise_kept() except -1
cdef CompiledPlan compiled_plan(object plan)
