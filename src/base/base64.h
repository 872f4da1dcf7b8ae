/* Bytes as text: base64 of RFC 4648, section 4. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/str.h"

void base64_encode(lan_str bytes, lan_buf *out);

/* Appends the bytes. False: it is no base64 (white space, wrong padding, bits left over); `out` may have grown. */
bool base64_decode(lan_str text, lan_buf *out);

#endif
