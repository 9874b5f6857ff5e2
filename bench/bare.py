"""Empty hooks: an entry and a return program of two instructions each, where Plainsight has its own."""

import contextlib
import ctypes
import os
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
SYS_BPF = 321 if os.uname().machine == "x86_64" else 280
BPF_PROG_LOAD, BPF_OBJ_GET_INFO_BY_FD, BPF_LINK_CREATE, BPF_ENABLE_STATS = 5, 15, 28, 32
BPF_STATS_RUN_TIME = 0
# Bytes of the kernel's `struct bpf_prog_info`, and where `run_cnt` stands in it.
PROG_INFO, RUN_CNT = 224, 200
BPF_PROG_TYPE_KPROBE = 2
BPF_TRACE_UPROBE_MULTI = 48
BPF_F_UPROBE_MULTI_RETURN = 1

# r0 = 0; exit
EMPTY = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)


@contextlib.contextmanager
def pairs(path, offsets):
    """Empty pairs at these offsets of a file, in every process, until the block ends; yields their program."""
    program = load()
    links = [attach(program, path, offsets, flags) for flags in (0, BPF_F_UPROBE_MULTI_RETURN)]
    try:
        yield program
    finally:
        for descriptor in [*links, program]:
            os.close(descriptor)


@contextlib.contextmanager
def counted():
    """The kernel counts how often programs run until the block ends, which has its price."""
    descriptor = bpf(BPF_ENABLE_STATS, struct.pack("<I", BPF_STATS_RUN_TIME))
    try:
        yield
    finally:
        os.close(descriptor)


def runs(program):
    """How often a program ran while it was counted."""
    info = ctypes.create_string_buffer(PROG_INFO)
    bpf(BPF_OBJ_GET_INFO_BY_FD, struct.pack("<IIQ", program, PROG_INFO, ctypes.addressof(info)))
    return struct.unpack_from("<Q", info, RUN_CNT)[0]


def load():
    instructions, license = ctypes.create_string_buffer(EMPTY), ctypes.create_string_buffer(b"GPL")
    attributes = struct.pack(
        "<IIQQIIQII16sII",
        *(BPF_PROG_TYPE_KPROBE, len(EMPTY) // 8, ctypes.addressof(instructions), ctypes.addressof(license)),
        *(0, 0, 0, 0, 0, b"bare_pair", 0, BPF_TRACE_UPROBE_MULTI),
    )
    return bpf(BPF_PROG_LOAD, attributes)


def attach(program, path, offsets, flags):
    name = ctypes.create_string_buffer(os.fsencode(path))
    places = (ctypes.c_uint64 * len(offsets))(*offsets)
    attributes = struct.pack(
        "<IIIIQQQQIIII",
        *(program, 0, BPF_TRACE_UPROBE_MULTI, 0, ctypes.addressof(name), ctypes.addressof(places)),
        *(0, 0, len(offsets), flags, 0, 0),
    )
    return bpf(BPF_LINK_CREATE, attributes)


def bpf(command, attributes):
    room = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    descriptor = LIBC.syscall(SYS_BPF, command, room, 128)
    if descriptor < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return descriptor
