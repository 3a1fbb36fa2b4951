/* Blocks one after another, a block's threads as fibers: a barrier really waits, and a warp's exchange really
 * takes the other lanes' values. A thread that never waits costs no switch: the fiber goes on with the next.
 */
#include "internal.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <vector>

namespace cuda_host
{
Builtins builtins;

static const size_t stack_size = 64 << 10;
static const unsigned most_threads = 1024;

enum State
{
  NEW,
  RUNNING,
  AT_BARRIER,
  AT_WARP,
  ENDED,
};

struct Fiber
{
  char *stack = nullptr;
  void *sp = nullptr;
  ucontext_t context;
};

enum Exchange
{
  SYNC,
  SHUFFLE,
  BALLOT,
};

struct Thread
{
  State state;
  Fiber *fiber;
  const char *file;
  int line;
  /* Of a warp's exchange. */
  Exchange exchange;
  unsigned mask, source;
  uint64_t value, result;
  uint32_t warp_epoch;
};

static std::vector<Fiber *> &fibers = *new std::vector<Fiber *>; /* never freed: threads may end in them */
static std::vector<Fiber *> idle_fibers;
static Thread threads[most_threads];
static unsigned n_threads, next_thread, n_suspended, n_at_barrier;
static uint32_t block_serial, epoch;
static const Launch *current;
static Fiber scheduler;
static Fiber *active;
alignas (256) static char shared_memory[256 << 10];

/* ---- switching ---- */

#ifdef __x86_64__
extern "C" void cuda_host_switch (void **from, void *to);
__asm__(".text\n"
        ".type cuda_host_switch, @function\n"
        "cuda_host_switch:\n"
        "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
        "  movq %rsp, (%rdi)\n"
        "  movq %rsi, %rsp\n"
        "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
        "  ret\n"
        ".size cuda_host_switch, . - cuda_host_switch\n");

static void
switch_fiber (Fiber *from, Fiber *to)
{
  active = to;
  cuda_host_switch (&from->sp, to->sp);
}

static void
start_fiber (Fiber *fiber, void (*function) ())
{
  void **top = (void **)(fiber->stack + stack_size - 72); /* aligned as a call leaves it */
  *top = nullptr;                                         /* nobody to return to */
  *--top = (void *)function;
  fiber->sp = top - 6;
}
#else
static void
switch_fiber (Fiber *from, Fiber *to)
{
  active = to;
  swapcontext (&from->context, &to->context);
}

static void
start_fiber (Fiber *fiber, void (*function) ())
{
  getcontext (&fiber->context);
  fiber->context.uc_stack.ss_sp = fiber->stack;
  fiber->context.uc_stack.ss_size = stack_size;
  makecontext (&fiber->context, function, 0);
}
#endif

/* ---- threads ---- */

static void
set_thread (unsigned index)
{
  Thread &thread = threads[index];
  const dim3 &dim = builtins.block_dim;
  builtins.thread = uint3{ index % dim.x, index / dim.x % dim.y, index / dim.x / dim.y };
  running.who = Who{ block_serial, index, epoch, thread.warp_epoch };
  running.stack = thread.fiber->stack;
  running.n_stack = stack_size;
}

/* What a fiber does: threads that nobody has begun, one after another. */
static void
run_threads ()
{
  for (;;)
    {
      while (next_thread < n_threads)
        {
          const unsigned index = next_thread++;
          threads[index].state = RUNNING;
          threads[index].fiber = active;
          set_thread (index);
          current->run (current->arguments);
          threads[index].state = ENDED;
        }
      Fiber *self = active;
      idle_fibers.push_back (self);
      switch_fiber (self, &scheduler);
    }
}

static Fiber *
take_fiber ()
{
  if (!idle_fibers.empty ())
    {
      Fiber *fiber = idle_fibers.back ();
      idle_fibers.pop_back ();
      return fiber;
    }
  Fiber *fiber = new Fiber;
  fibers.push_back (fiber);
  /* With a page below that nobody may touch. */
  char *memory = (char *)mmap (nullptr, stack_size + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED || mprotect (memory + 4096, stack_size, PROT_READ | PROT_WRITE))
    fail ("no memory for a fiber");
  fiber->stack = memory + 4096;
  start_fiber (fiber, run_threads);
  return fiber;
}

/* Lets others run until this thread's state is RUNNING again. */
static void
wait (State state)
{
  const unsigned index = running.who.thread;
  threads[index].state = state;
  n_suspended++;
  switch_fiber (threads[index].fiber, &scheduler);
  n_suspended--;
  set_thread (index);
}

[[noreturn]] static void
fail_stuck ()
{
  unsigned n_block = 0, n_warp = 0, n_ended = 0, first = n_threads;
  for (unsigned i = 0; i < n_threads; i++)
    {
      n_block += threads[i].state == AT_BARRIER;
      n_warp += threads[i].state == AT_WARP;
      n_ended += threads[i].state == ENDED;
      if (first == n_threads && threads[i].state != ENDED)
        first = i;
    }
  running.who.thread = first;
  fail (
      "a barrier is not reached by all: %u threads wait at __syncthreads, %u at their warp's, %u have ended; "
      "thread %u waits at %s:%d",
      n_block, n_warp, n_ended, first, threads[first].file, threads[first].line);
}

static void
run_block ()
{
  n_threads = builtins.block_dim.x * builtins.block_dim.y * builtins.block_dim.z;
  next_thread = n_suspended = n_at_barrier = 0;
  epoch = 1;
  block_serial++;
  for (unsigned i = 0; i < n_threads; i++)
    threads[i] = Thread{};
  running.n_shared = current->shared;
  forget_shared ();
  for (;;)
    {
      unsigned resumed = 0;
      for (unsigned i = 0; i < n_threads && n_suspended > 0; i++)
        if (threads[i].state == RUNNING && threads[i].fiber)
          {
            resumed++;
            switch_fiber (&scheduler, threads[i].fiber);
          }
      if (next_thread < n_threads)
        switch_fiber (&scheduler, take_fiber ());
      else if (resumed == 0)
        break;
    }
  for (unsigned i = 0; i < n_threads; i++)
    if (threads[i].state != ENDED)
      fail_stuck ();
}

void
run_launch (const Launch &launch)
{
  const size_t n = (size_t)launch.block.x * launch.block.y * launch.block.z;
  running.kernel = launch.name;
  if (n == 0 || n > most_threads || launch.block.z > 64)
    fail ("%s: a block of %zu threads", launch.name, n);
  if (launch.grid.x == 0 || launch.grid.y == 0 || launch.grid.z == 0 || launch.grid.x > 0x7fffffff
      || launch.grid.y > 65535 || launch.grid.z > 65535)
    fail ("%s: a grid of (%u, %u, %u)", launch.name, launch.grid.x, launch.grid.y, launch.grid.z);
  if (launch.shared > 48 << 10)
    fail ("%s: %zu bytes of shared memory", launch.name, launch.shared);
  current = &launch;
  builtins.grid_dim = launch.grid;
  builtins.block_dim = launch.block;
  running.arguments = (const char *)launch.arguments;
  running.n_arguments = launch.n_arguments;
  running.shared = shared_memory;
  running.first_block = block_serial + 1;
  in_kernel = true;
  /* Backwards: nothing may rely on the order of blocks. */
  const size_t n_blocks = (size_t)launch.grid.x * launch.grid.y * launch.grid.z;
  for (size_t i = n_blocks; i-- > 0;)
    {
      builtins.block = uint3{ (unsigned)(i % launch.grid.x), (unsigned)(i / launch.grid.x % launch.grid.y),
                              (unsigned)(i / launch.grid.x / launch.grid.y) };
      run_block ();
    }
  in_kernel = false;
}

/* ---- what kernels call ---- */

void *
dynamic_shared ()
{
  return shared_memory;
}

void
block_barrier (const char *file, int line)
{
  Thread &self = threads[running.who.thread];
  self.file = file;
  self.line = line;
  if (++n_at_barrier < n_threads)
    {
      wait (AT_BARRIER);
      return;
    }
  epoch++;
  n_at_barrier = 0;
  for (unsigned i = 0; i < n_threads; i++)
    {
      if (&threads[i] == &self)
        continue;
      if (threads[i].line != line || threads[i].file != file)
        fail ("a barrier is not reached by all: thread %u waits at %s:%d, others at %s:%d", i,
              threads[i].file, threads[i].line, file, line);
      threads[i].state = RUNNING;
    }
  set_thread (running.who.thread);
}

/* Waits for all lanes of the mask; then each has what its exchange gives. */
static uint64_t
exchange (Exchange kind, unsigned mask, uint64_t value, unsigned source, const char *file, int line)
{
  const unsigned index = running.who.thread, lane = index % 32, first = index - lane;
  Thread &self = threads[index];
  if (!(mask >> lane & 1))
    fail ("lane %u is not in the mask %08x that it gives at %s:%d", lane, mask, file, line);
  self.file = file;
  self.line = line;
  self.exchange = kind;
  self.mask = mask;
  self.source = source;
  self.value = value;
  unsigned here = 1u << lane;
  for (unsigned i = 0; i < 32 && first + i < n_threads; i++)
    if (threads[first + i].state == AT_WARP && threads[first + i].mask == mask
        && threads[first + i].exchange == kind && threads[first + i].line == line
        && threads[first + i].file == file)
      here |= 1u << i;
  if ((here & mask) != mask)
    {
      wait (AT_WARP);
      return threads[index].result;
    }
  unsigned votes = 0;
  for (unsigned i = 0; i < 32; i++)
    if (mask >> i & 1 && threads[first + i].value)
      votes |= 1u << i;
  for (unsigned i = 0; i < 32; i++)
    {
      if (!(mask >> i & 1))
        continue;
      Thread &it = threads[first + i];
      if (kind == SHUFFLE && !(mask >> it.source & 1))
        fail ("lane %u takes the value of lane %u, which is not in the mask %08x, at %s:%d", i, it.source,
              mask, file, line);
      it.result = kind == BALLOT ? votes : kind == SHUFFLE ? threads[first + it.source].value : 0;
      it.warp_epoch++;
      it.state = RUNNING;
    }
  set_thread (index);
  return self.result;
}

uint64_t
shuffle_xor (unsigned mask, uint64_t value, int lane_mask, const char *file, int line)
{
  return exchange (SHUFFLE, mask, value, (running.who.thread % 32 ^ (unsigned)lane_mask) & 31, file, line);
}

uint64_t
shuffle_down (unsigned mask, uint64_t value, unsigned delta, const char *file, int line)
{
  const unsigned lane = running.who.thread % 32;
  return exchange (SHUFFLE, mask, value, lane + delta < 32 ? lane + delta : lane, file, line);
}

uint64_t
shuffle (unsigned mask, uint64_t value, int lane, const char *file, int line)
{
  return exchange (SHUFFLE, mask, value, (unsigned)lane & 31, file, line);
}

unsigned
ballot (unsigned mask, bool predicate, const char *file, int line)
{
  return (unsigned)exchange (BALLOT, mask, predicate, 0, file, line);
}

void
warp_barrier (unsigned mask, const char *file, int line)
{
  exchange (SYNC, mask, 0, 0, file, line);
}
}
