/* Device memory in pieces of large blocks: the best fit, neighbours joined when they are given back. */
#include "pool.cuh"

namespace engram
{
static const size_t pool_grain = 256, pool_block = (size_t)64 << 20;

static void *
pool_take_from (Pool &pool, PoolBlock *block, size_t n_bytes)
{
  auto best = block->free.end ();
  for (auto it = block->free.begin (); it != block->free.end (); ++it)
    if (it->second >= n_bytes && (best == block->free.end () || it->second < best->second))
      best = it;
  if (best == block->free.end ())
    return nullptr;
  const size_t offset = best->first, left = best->second - n_bytes;
  block->free.erase (best);
  if (left > 0)
    block->free[offset + n_bytes] = left;
  block->used += n_bytes;
  pool.taken[block->memory + offset] = n_bytes;
  return block->memory + offset;
}

static PoolBlock *
pool_grow (Pool &pool, size_t n_bytes)
{
  void *memory = nullptr;
  size_t size = !pool.pooled || n_bytes > pool_block ? n_bytes : pool_block;
  if (!works (cudaMalloc (&memory, size)))
    {
      if (size == n_bytes)
        return nullptr;
      size = n_bytes; /* what is left may be enough */
      if (!works (cudaMalloc (&memory, size)))
        return nullptr;
    }
  auto *block = new PoolBlock{ static_cast<char *> (memory), size, 0, {} };
  block->free[0] = size;
  pool.blocks[block->memory] = block;
  return block;
}

void *
pool_take (Pool &pool, size_t n_bytes)
{
  if (n_bytes > SIZE_MAX - pool_grain)
    return nullptr;
  if (pool.pooled)
    n_bytes = (n_bytes + pool_grain - 1) / pool_grain * pool_grain;
  n_bytes = n_bytes > 0 ? n_bytes : pool_grain;
  if (pool.pooled)
    for (auto &it : pool.blocks)
      if (it.second->n_bytes - it.second->used >= n_bytes)
        if (void *memory = pool_take_from (pool, it.second, n_bytes))
          return memory;
  PoolBlock *block = pool_grow (pool, n_bytes);
  return block ? pool_take_from (pool, block, n_bytes) : nullptr;
}

static void
pool_free_block (Pool &pool, PoolBlock *block)
{
  cudaFree (block->memory);
  pool.blocks.erase (block->memory);
  delete block;
}

void
pool_give (Pool &pool, void *memory)
{
  char *begin = static_cast<char *> (memory);
  const auto taken = pool.taken.find (begin);
  PoolBlock *block = std::prev (pool.blocks.upper_bound (begin))->second;
  const size_t n_bytes = taken->second;
  pool.taken.erase (taken);
  block->used -= n_bytes;
  size_t offset = (size_t)(begin - block->memory), size = n_bytes;
  auto next = block->free.lower_bound (offset);
  if (next != block->free.end () && next->first == offset + size)
    {
      size += next->second;
      next = block->free.erase (next);
    }
  if (next != block->free.begin ())
    {
      auto before = std::prev (next);
      if (before->first + before->second == offset)
        {
          offset = before->first;
          size += before->second;
          block->free.erase (before);
        }
    }
  block->free[offset] = size;
  if (!pool.pooled)
    pool_free_block (pool, block);
}

void
pool_trim (Pool &pool)
{
  std::vector<PoolBlock *> unused;
  for (auto &it : pool.blocks)
    if (it.second->used == 0)
      unused.push_back (it.second);
  for (PoolBlock *block : unused)
    pool_free_block (pool, block);
}
}
