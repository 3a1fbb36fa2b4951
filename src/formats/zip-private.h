/* The records of a zip archive, shared by its reader and its writer; numbers are little-endian. */
#pragma once

#define ZIP_LOCAL_SIGNATURE     0x04034b50u
#define ZIP_CENTRAL_SIGNATURE   0x02014b50u
#define ZIP_END_SIGNATURE       0x06054b50u
#define ZIP_END64_SIGNATURE     0x06064b50u
#define ZIP_LOCATOR64_SIGNATURE 0x07064b50u

/* Sizes of the records' fixed parts. */
#define ZIP_LOCAL_SIZE     30u
#define ZIP_CENTRAL_SIZE   46u
#define ZIP_END_SIZE       22u
#define ZIP_END64_SIZE     56u
#define ZIP_LOCATOR64_SIZE 20u

#define ZIP_EXTRA_ZIP64 0x0001u
#define ZIP_FLAG_UTF8   0x0800u
#define ZIP_MAX16       0xffffu
#define ZIP_MAX32       0xffffffffu

enum
{
  ZIP_STORED = 0,
  ZIP_DEFLATED = 8
};
