// Writes down, in order, what a process does to its database files: each write, each truncation, and each sync
// that the system has honoured. From that every state that a power cut could have left can be built.
//
// Loaded with LD_PRELOAD. ANNEAL_RECORD_FILES is the beginning of the paths, ANNEAL_RECORD_TO the file that is
// written. The folder is recorded too: syncing it makes removals last. A record is a header of 40 bytes (little endian: u32 kind, u32 file, u64 offset, u64 length,
// u64 nanoseconds of the monotonic clock, u64 zero) and `length` bytes.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { NAMED = 1, WRITTEN = 2, TRUNCATED = 3, SYNCED = 4, REMOVED = 5 };
enum { MAX_DESCRIPTORS = 4096, MAX_FILES = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;
static const char *prefix;
static size_t folder; // so much of the prefix is the folder's path
static char *names[MAX_FILES];
static int files;
static int file_of[MAX_DESCRIPTORS]; // one more than the file's number; 0 where it is none of ours

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static void record(uint32_t kind, uint32_t file, uint64_t offset, const void *data, uint64_t length) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  struct { uint32_t kind, file; uint64_t offset, length, ns, zero; } header = {
      kind, file, offset, length, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, 0};
  struct iovec parts[2] = {{&header, sizeof header}, {(void *)data, length}};
  ssize_t done = writev(trace, parts, length > 0 ? 2 : 1);
  if (done != (ssize_t)(sizeof header + length)) abort(); // a trace with a hole would prove nothing
}

__attribute__((constructor)) static void begin(void) {
  const char *to = getenv("ANNEAL_RECORD_TO");
  prefix = getenv("ANNEAL_RECORD_FILES");
  if (to == NULL || prefix == NULL || strrchr(prefix, '/') == NULL) return;
  folder = (size_t)(strrchr(prefix, '/') - prefix);
  int (*open_)(const char *, int, ...) = real("open");
  trace = open_(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int ours(const char *path) {
  if (trace < 0) return 0;
  int is_folder = strlen(path) == folder && strncmp(path, prefix, folder) == 0;
  return is_folder || strncmp(path, prefix, strlen(prefix)) == 0;
}

static int number_of(const char *path) {
  for (int i = 0; i < files; i++)
    if (strcmp(names[i], path) == 0) return i;
  if (files == MAX_FILES) abort();
  names[files] = strdup(path);
  record(NAMED, (uint32_t)files, 0, path, strlen(path));
  return files++;
}

static int opened(int descriptor, const char *path, int flags) {
  if (descriptor < 0 || !ours(path)) return descriptor;
  if (descriptor >= MAX_DESCRIPTORS) abort();
  pthread_mutex_lock(&lock);
  int file = number_of(path);
  file_of[descriptor] = file + 1;
  if (flags & O_TRUNC) record(TRUNCATED, (uint32_t)file, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return descriptor;
}

static int number(int descriptor) {
  return descriptor >= 0 && descriptor < MAX_DESCRIPTORS ? file_of[descriptor] - 1 : -1;
}

#define MODE(flags, mode)                    \
  mode_t mode = 0;                           \
  if ((flags) & (O_CREAT | O_TMPFILE)) {     \
    va_list rest;                            \
    va_start(rest, flags);                   \
    mode = va_arg(rest, mode_t);             \
    va_end(rest);                            \
  }

int open(const char *path, int flags, ...) {
  MODE(flags, mode)
  int (*call)(const char *, int, ...) = real("open");
  return opened(call(path, flags, mode), path, flags);
}

int open64(const char *path, int flags, ...) {
  MODE(flags, mode)
  int (*call)(const char *, int, ...) = real("open64");
  return opened(call(path, flags, mode), path, flags);
}

int close(int descriptor) {
  static int (*call)(int);
  if (call == NULL) call = real("close");
  if (number(descriptor) >= 0) file_of[descriptor] = 0;
  return call(descriptor);
}

ssize_t pwrite64(int descriptor, const void *data, size_t length, off64_t offset) {
  static ssize_t (*call)(int, const void *, size_t, off64_t);
  if (call == NULL) call = real("pwrite64");
  int file = number(descriptor);
  if (file < 0) return call(descriptor, data, length, offset);
  pthread_mutex_lock(&lock);
  ssize_t done = call(descriptor, data, length, offset);
  int error = errno;
  if (done > 0) record(WRITTEN, (uint32_t)file, (uint64_t)offset, data, (uint64_t)done);
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

ssize_t write(int descriptor, const void *data, size_t length) {
  static ssize_t (*call)(int, const void *, size_t);
  if (call == NULL) call = real("write");
  int file = number(descriptor);
  if (file < 0) return call(descriptor, data, length);
  pthread_mutex_lock(&lock);
  off64_t offset = lseek64(descriptor, 0, SEEK_CUR);
  ssize_t done = call(descriptor, data, length);
  int error = errno;
  if (done > 0) record(WRITTEN, (uint32_t)file, (uint64_t)offset, data, (uint64_t)done);
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

int ftruncate64(int descriptor, off64_t length) {
  static int (*call)(int, off64_t);
  if (call == NULL) call = real("ftruncate64");
  int file = number(descriptor);
  if (file < 0) return call(descriptor, length);
  pthread_mutex_lock(&lock);
  int failed = call(descriptor, length);
  int error = errno;
  if (failed == 0) record(TRUNCATED, (uint32_t)file, (uint64_t)length, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return failed;
}

static int synced(int descriptor, int (*call)(int)) {
  int file = number(descriptor);
  if (file < 0) return call(descriptor);
  pthread_mutex_lock(&lock);
  int failed = call(descriptor);
  int error = errno;
  if (failed == 0) record(SYNCED, (uint32_t)file, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return failed;
}

int fsync(int descriptor) {
  static int (*call)(int);
  if (call == NULL) call = real("fsync");
  return synced(descriptor, call);
}

int fdatasync(int descriptor) {
  static int (*call)(int);
  if (call == NULL) call = real("fdatasync");
  return synced(descriptor, call);
}

int unlink(const char *path) {
  static int (*call)(const char *);
  if (call == NULL) call = real("unlink");
  if (!ours(path)) return call(path);
  pthread_mutex_lock(&lock);
  int failed = call(path);
  int error = errno;
  if (failed == 0) record(REMOVED, (uint32_t)number_of(path), 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return failed;
}
