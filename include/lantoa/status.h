/** Status codes and error messages, shared by every function of the library that can fail.
 *
 *  A function that can fail returns a `lan_status`. Results come by pointer and are untouched on
 *  failure. Where the caller passes a `lan_error`, it then holds one sentence for a person: what
 * went wrong, where (file and line where there is one), and how to mend it. Every `lan_error *`
 * parameter may be NULL. The library never prints and never ends the process. */
#ifndef LANTOA_STATUS_H
#define LANTOA_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/** Marks the functions that the shared library exports. */
#if defined(__GNUC__)
#define LAN_API __attribute__((visibility("default")))
#else
#define LAN_API
#endif

typedef enum lan_status {
  LAN_OK = 0,
  LAN_ENOMEM,     /**< an allocation failed; nothing was changed */
  LAN_EINVAL,     /**< an argument has no meaning (a NULL, a NaN, an unknown name) */
  LAN_ERANGE,     /**< a number is outside its documented range */
  LAN_EIO,        /**< reading or writing failed; the message names the file */
  LAN_EFORMAT,    /**< input does not follow its format; the message names the line */
  LAN_ENOTFOUND,  /**< what was named does not exist */
  LAN_EAMBIGUOUS, /**< what was named could be several things; the message lists them */
  LAN_ELIMIT,     /**< input exceeds a documented size, depth or count */
  LAN_ECORRUPT,   /**< a file of Lantoa's own fails its checks */
  LAN_EBUSY,      /**< another process holds a lock for longer than was waited */
  LAN_ECANCELED   /**< the caller's progress function asked to stop */
} lan_status;

enum { LAN_ERROR_MAX = 640 }; /**< bytes in an error message, its final NUL included */

typedef struct lan_error {
  lan_status status;           /**< the status that was returned with it */
  char message[LAN_ERROR_MAX]; /**< NUL-terminated UTF-8, no newline; "" if there is none */
} lan_error;

/** The constant's name without its prefix: "OK", "ENOMEM", ... Never NULL. Thread-safe. */
LAN_API const char *lan_status_name(lan_status status);

/** The library's version, "major.minor.patch". */
LAN_API const char *lan_version(void);

#ifdef __cplusplus
}
#endif
#endif
