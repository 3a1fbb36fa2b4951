/* The checksum of zip archives, four bytes at a time. */
#include "formats/zip.h"

/* The reflected polynomial of CRC-32 (ISO 3309). */
static const guint32 polynomial = 0xedb88320u;

/* tables[k][b]: the CRC of byte b followed by k zero bytes: four bytes are taken at a time. */
static guint32 tables[4][256];

static void
fill_tables (void)
{
  for (guint32 b = 0; b < 256; b++)
    {
      guint32 crc = b;
      for (guint bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ ((crc & 1u) ? polynomial : 0u);
      tables[0][b] = crc;
    }
  for (guint k = 1; k < 4; k++)
    for (guint b = 0; b < 256; b++)
      tables[k][b] = (tables[k - 1][b] >> 8) ^ tables[0][tables[k - 1][b] & 0xffu];
}

guint32
eg_crc32 (guint32 crc, const void *data, gsize n)
{
  static gsize filled = 0;
  if (g_once_init_enter (&filled))
    {
      fill_tables ();
      g_once_init_leave (&filled, 1);
    }

  const guint8 *bytes = data;
  crc = ~crc;
  for (; n >= 4; n -= 4, bytes += 4)
    {
      crc ^= (guint32)bytes[0] | (guint32)bytes[1] << 8 | (guint32)bytes[2] << 16 | (guint32)bytes[3] << 24;
      crc = tables[3][crc & 0xffu] ^ tables[2][(crc >> 8) & 0xffu] ^ tables[1][(crc >> 16) & 0xffu]
            ^ tables[0][crc >> 24];
    }
  for (; n > 0; n--, bytes++)
    crc = (crc >> 8) ^ tables[0][(crc ^ *bytes) & 0xffu];
  return ~crc;
}
