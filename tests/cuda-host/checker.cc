/* Every access of a kernel. The .cu sources are compiled with -fsanitize=thread, which puts a call before
 * each access to memory that may be shared; ThreadSanitizer's own library is not linked, these are the
 * functions. Host code in the .cu sources is compiled so, too, and must not touch device memory. */
#include "internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <vector>

extern "C" void __asan_poison_memory_region (const volatile void *, size_t) __attribute__ ((weak));

namespace cuda_host
{
Running running;
thread_local bool in_kernel;

/* Addresses for device memory, never used twice; those of its shadow are as far from the shadow's begin. */
static const size_t arena_size = (size_t)16 << 30;
static const size_t page = 4096, grain = 2;

struct Allocation
{
  char *memory;
  size_t n_bytes, n_mapped;
  bool live;
};

/* Of two bytes, the smallest number that kernels use: who wrote and who read last. A thread of `several_warp`
 * + w stands for several threads of warp w, `several` for several warps, `several_blocks` for several blocks.
 */
struct Last
{
  Who write, read;
};
static const uint32_t several_warp = 0x10000, several = 0x20000, several_blocks = 0x30000;

static char *arena, *arena_next;
static uint8_t *initialised;  /* [arena_size], of each byte */
static Last *lasts;           /* [arena_size / grain] */
static uint32_t *page_owners; /* [arena_size / page]: 1 + index of the allocation */
static std::vector<Allocation> allocations;

static const size_t most_shared = 256 << 10;
static uint8_t shared_initialised[most_shared];
static Last shared_lasts[most_shared / grain];

void
fail (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  fputs ("cuda-host: ", stderr);
  vfprintf (stderr, format, arguments);
  va_end (arguments);
  if (in_kernel)
    fprintf (stderr, "\n  in %s, block (%u, %u, %u), thread %u", running.kernel, builtins.block.x,
             builtins.block.y, builtins.block.z, running.who.thread);
  fputs ("\n", stderr);
  fflush (stderr);
  abort ();
}

static void *
reserve (size_t n_bytes, int protection)
{
  void *memory = mmap (nullptr, n_bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    fail ("no address space for %zu bytes", n_bytes);
  return memory;
}

static void
reserve_arena ()
{
  arena = (char *)reserve (arena_size, PROT_NONE);
  arena_next = arena + page;
  initialised = (uint8_t *)reserve (arena_size, PROT_READ | PROT_WRITE);
  lasts = (Last *)reserve (arena_size / grain * sizeof (Last), PROT_READ | PROT_WRITE);
  page_owners = (uint32_t *)reserve (arena_size / page * sizeof (uint32_t), PROT_READ | PROT_WRITE);
}

void *
device_map (size_t n_bytes)
{
  if (!arena)
    reserve_arena ();
  const size_t n_mapped = (n_bytes + page - 1) / page * page;
  if (n_mapped + page > (size_t)(arena + arena_size - arena_next))
    return nullptr;
  char *memory = arena_next;
  if (mprotect (memory, n_mapped, PROT_READ | PROT_WRITE))
    return nullptr;
  /* Whatever is left of something not written looks like nothing sensible. */
  for (size_t i = 0; i < n_mapped / 4; i++)
    ((volatile uint32_t *)memory)[i] = 0xffc0dead; /* a NaN */
  arena_next += n_mapped + page;
  allocations.push_back (Allocation{ memory, n_bytes, n_mapped, true });
  for (size_t i = 0; i < n_mapped / page; i++)
    page_owners[(size_t)(memory - arena) / page + i] = (uint32_t)allocations.size ();
  /* For code compiled with AddressSanitizer, which is all that is not a kernel, it is never to be touched. */
  if (__asan_poison_memory_region)
    __asan_poison_memory_region (memory, n_mapped);
  return memory;
}

bool
is_device (const void *address)
{
  return arena && (const char *)address >= arena && (const char *)address < arena + arena_size;
}

static Allocation *
owner (const void *address)
{
  const uint32_t index = page_owners[(size_t)((const char *)address - arena) / page];
  return index ? &allocations[index - 1] : nullptr;
}

void
device_unmap (void *memory)
{
  Allocation *it = is_device (memory) ? owner (memory) : nullptr;
  if (!it || it->memory != memory || !it->live)
    fail ("cudaFree of %p, which is not allocated", memory);
  it->live = false;
  mmap (it->memory, it->n_mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  const size_t at = (size_t)(it->memory - arena);
  madvise (initialised + at, it->n_mapped, MADV_DONTNEED);
  madvise (lasts + at / grain, it->n_mapped / grain * sizeof (Last), MADV_DONTNEED);
}

size_t
device_size (const void *memory)
{
  return owner (memory)->n_bytes;
}

void
forget_shared ()
{
  __builtin_memset (shared_initialised, 0, running.n_shared);
  __builtin_memset (shared_lasts, 0, (running.n_shared + grain - 1) / grain * sizeof (Last));
}

void
copy_bytes (void *to, const void *from, size_t n_bytes)
{
#ifdef __x86_64__
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n_bytes) : : "memory");
#else
  for (size_t i = 0; i < n_bytes; i++)
    ((volatile char *)to)[i] = ((const volatile char *)from)[i];
#endif
}

/* Where an address lies in device memory; fails unless all n bytes are one live allocation's. */
static size_t
check_bounds (const void *address, size_t n_bytes, const char *what)
{
  const Allocation *it = owner (address);
  const char *begin = (const char *)address;
  if (!it)
    fail ("%s out of bounds: %zu bytes at %p, where nothing is allocated", what, n_bytes, address);
  if (!it->live)
    fail ("%s after cudaFree: %zu bytes at %p", what, n_bytes, address);
  if (begin < it->memory || (size_t)(begin - it->memory) > it->n_bytes
      || n_bytes > it->n_bytes - (size_t)(begin - it->memory))
    fail ("%s out of bounds: %zu bytes at offset %td of an allocation of %zu", what, n_bytes,
          begin - it->memory, it->n_bytes);
  return (size_t)(begin - arena);
}

void
device_access (const void *memory, size_t n_bytes, Access kind, const char *what)
{
  if (n_bytes == 0)
    return;
  if (!is_device (memory))
    fail ("%s of %p, which is not device memory", what, memory);
  const size_t at = check_bounds (memory, n_bytes, what);
  if (kind == WRITE)
    __builtin_memset (initialised + at, 1, n_bytes);
  else
    for (size_t i = 0; i < n_bytes; i++)
      if (!initialised[at + i])
        fail ("%s reads what was not initialised: byte %zu of %zu at %p", what, i, n_bytes, memory);
}

/* TRUE when nothing between the two accesses, of different threads, puts them in order. */
static bool
unordered (const Who &last, const Who &now)
{
  if (last.block < running.first_block)
    return false; /* an earlier launch's, or none */
  if (last.block != now.block || last.thread == several_blocks)
    return true;
  if (last.thread == now.thread || last.epoch != now.epoch)
    return false;
  const uint32_t warp = last.thread < several_warp ? last.thread / 32 : last.thread - several_warp;
  return !(last.thread < several && warp == now.thread / 32 && last.warp_epoch != now.warp_epoch);
}

static void
remember_read (Who &read, const Who &now)
{
  if (!unordered (read, now))
    read = now;
  else if (read.block != now.block || read.thread == several_blocks)
    read.thread = several_blocks;
  else
    {
      const uint32_t warp = read.thread < several_warp ? read.thread / 32 : read.thread - several_warp;
      read.thread = read.thread < several && warp == now.thread / 32 ? several_warp + warp : several;
      read.warp_epoch = now.warp_epoch;
    }
}

/* One access to n bytes at an offset of a shadow. */
static void
check_shadow (uint8_t *bytes, Last *words, size_t at, size_t n_bytes, Access kind, const char *where)
{
  const Who &now = running.who;
  if (kind != WRITE)
    for (size_t i = 0; i < n_bytes; i++)
      if (!bytes[at + i])
        fail ("%s memory read that was not initialised: byte %zu", where, at + i);
  if (kind != READ)
    __builtin_memset (bytes + at, 1, n_bytes);
  if (kind == ATOMIC)
    return;
  for (size_t i = at / grain; i <= (at + n_bytes - 1) / grain; i++)
    {
      Last &last = words[i];
      if (unordered (last.write, now))
        fail ("race in %s memory: thread %u %s what thread %u of %s block wrote, no barrier between", where,
              now.thread, kind == WRITE ? "overwrites" : "reads", last.write.thread,
              last.write.block == now.block ? "the same" : "another");
      if (kind == WRITE && unordered (last.read, now))
        fail ("race in %s memory: thread %u overwrites what another thread has read, no barrier between",
              where, now.thread);
      if (kind == WRITE)
        last.write = now;
      else
        remember_read (last.read, now);
    }
}

static void
access (const void *address, size_t n_bytes, Access kind, bool aligned)
{
  const char *begin = (const char *)address;
  if (!in_kernel)
    {
      if (is_device (address))
        fail ("host code touches device memory at %p", address);
      return;
    }
  if (running.in_atomic)
    return;
  if (aligned && (uintptr_t)address % n_bytes != 0)
    fail ("misaligned: %zu bytes at %p", n_bytes, address);
  if (is_device (address))
    {
      const size_t at = check_bounds (address, n_bytes, kind == READ ? "read" : "write");
      check_shadow (initialised, lasts, at, n_bytes, kind, "global");
    }
  else if (begin >= running.shared && begin < running.shared + most_shared)
    {
      const size_t at = (size_t)(begin - running.shared);
      if (at + n_bytes > running.n_shared)
        fail ("shared memory out of bounds: %zu bytes at offset %zu of %zu", n_bytes, at, running.n_shared);
      check_shadow (shared_initialised, shared_lasts, at, n_bytes, kind, "shared");
    }
  else if (!(begin >= running.stack && begin + n_bytes <= running.stack + running.n_stack)
           && !(kind == READ && begin >= (const char *)&builtins
                && begin + n_bytes <= (const char *)(&builtins + 1))
           && !(kind == READ && begin >= running.arguments
                && begin + n_bytes <= running.arguments + running.n_arguments))
    fail ("a kernel touches host memory at %p", address);
}

void
atomic_begin (const void *address, size_t size)
{
  access (address, size, ATOMIC, true);
  running.in_atomic = true;
}

void
atomic_end ()
{
  running.in_atomic = false;
}
}

using cuda_host::access;
using cuda_host::READ;
using cuda_host::WRITE;

#define HOOKS(n)                                                                                             \
  extern "C" void __tsan_read##n (void *p) { access (p, n, READ, true); }                                    \
  extern "C" void __tsan_write##n (void *p) { access (p, n, WRITE, true); }
HOOKS (1)
HOOKS (2)
HOOKS (4)
HOOKS (8)
HOOKS (16)

#define UNALIGNED_HOOKS(n)                                                                                   \
  extern "C" void __tsan_unaligned_read##n (void *p) { access (p, n, READ, false); }                         \
  extern "C" void __tsan_unaligned_write##n (void *p) { access (p, n, WRITE, false); }
UNALIGNED_HOOKS (2)
UNALIGNED_HOOKS (4)
UNALIGNED_HOOKS (8)
UNALIGNED_HOOKS (16)

extern "C" void
__tsan_read_range (void *p, unsigned long n)
{
  access (p, n, READ, false);
}

extern "C" void
__tsan_write_range (void *p, unsigned long n)
{
  access (p, n, WRITE, false);
}

extern "C" void
__tsan_init (void)
{
}

extern "C" void
__tsan_func_entry (void *)
{
}

extern "C" void
__tsan_func_exit (void)
{
}

extern "C" void
__tsan_vptr_update (void **p, void *)
{
  access (p, sizeof *p, WRITE, true);
}

extern "C" void
__tsan_vptr_read (void **p)
{
  access (p, sizeof *p, READ, true);
}

/* Locks and counters of host code. */
extern "C" int
__tsan_atomic32_fetch_add (volatile int *p, int value, int)
{
  return __atomic_fetch_add (p, value, __ATOMIC_SEQ_CST);
}
