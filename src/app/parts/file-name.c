/* Names of files that are made of texts. */
#include "app/parts/file-name.h"

char *
eg_file_name_clean (char *name)
{
  return g_strdelimit (name, "/\\:*?\"<>|\n\r\t", '-');
}
