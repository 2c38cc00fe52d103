/* Makes the n-th system call of one program fail, or kills the program there. Loaded with LD_PRELOAD.
 *
 * FAULTLINE_PROGRAM  the program's short name; in any other the shim does nothing
 * FAULTLINE_AT       which call, counted from 1; 0 counts only
 * FAULTLINE_MODE     EIO ENOSPC EACCES EINTR short kill-before kill-after
 * FAULTLINE_SCOPE    all (every call below) or state (calls that change something outside of the process)
 * FAULTLINE_STICKY   set: every later call that takes space fails too, as on a disk that stays full
 * FAULTLINE_LOG      a file that is told the name of the failed call and, at the end, the number of calls
 *
 * Only calls through libc's own entry points are seen; standard input and outputs are left alone.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum kind { READS, WRITES, CHANGES, OPENS, SOCKET_READS, SOCKET_WRITES };
enum verdict { PASS, FAIL, SHORT, KILL_AFTER };

static atomic_long calls;
static long fail_at = -1;
static int active, state_only, sticky, kill_before, kill_after, is_short, failure;
static atomic_int hit;
static char log_path[4096];
static pid_t self;

static void say(const char *text, const char *name, long number) {
    char line[256];
    int length = snprintf(line, sizeof line, "%s %s %ld\n", text, name, number);
    int file = (int)syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file < 0) return;
    syscall(SYS_write, file, line, (size_t)length);
    syscall(SYS_close, file);
}

__attribute__((constructor)) static void begin(void) {
    const char *program = getenv("FAULTLINE_PROGRAM"), *at = getenv("FAULTLINE_AT"), *mode = getenv("FAULTLINE_MODE");
    const char *scope = getenv("FAULTLINE_SCOPE"), *log = getenv("FAULTLINE_LOG");
    if (program == NULL || at == NULL || mode == NULL || strcmp(program, program_invocation_short_name) != 0) return;
    fail_at = atol(at);
    state_only = scope != NULL && strcmp(scope, "state") == 0;
    sticky = getenv("FAULTLINE_STICKY") != NULL;
    if (log != NULL) snprintf(log_path, sizeof log_path, "%s", log);
    if (strcmp(mode, "EIO") == 0) failure = EIO;
    if (strcmp(mode, "ENOSPC") == 0) failure = ENOSPC;
    if (strcmp(mode, "EACCES") == 0) failure = EACCES;
    if (strcmp(mode, "EINTR") == 0) failure = EINTR;
    is_short = strcmp(mode, "short") == 0;
    kill_before = strcmp(mode, "kill-before") == 0;
    kill_after = strcmp(mode, "kill-after") == 0;
    /* Children are not part of the experiment. */
    unsetenv("LD_PRELOAD");
    self = getpid();
    active = 1;
}

__attribute__((destructor)) static void end(void) {
    if (active) say("calls", "all", atomic_load(&calls));
}

/* The program ends without running what libraries registered for its end; children that never became another program
 * do too, and say nothing. */
void _exit(int status) {
    if (getpid() == self) end();
    syscall(SYS_exit_group, status);
    __builtin_unreachable();
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static int number_for(enum kind kind) {
    int is_socket = kind == SOCKET_READS || kind == SOCKET_WRITES;
    if (is_socket && failure == EIO) return ECONNRESET;
    if (is_socket && failure == ENOSPC) return ENOBUFS;
    if (kind == READS && failure == ENOSPC) return EIO;
    return failure;
}

static enum verdict decide(const char *name, enum kind kind) {
    if (!active) return PASS;
    if (state_only && (kind == READS || kind == SOCKET_READS || kind == OPENS)) return PASS;
    long number = atomic_fetch_add(&calls, 1) + 1;
    int chosen = number == fail_at;
    if (!chosen) {
        int takes_space = kind == WRITES || kind == CHANGES;
        if (!(sticky && takes_space && atomic_load(&hit) && strncmp(name, "unlink", 6) != 0)) return PASS;
        errno = failure;
        return FAIL;
    }
    atomic_store(&hit, 1);
    say("failed", name, number);
    if (kill_before) die();
    if (kill_after) return KILL_AFTER;
    if (is_short) return kind == READS || kind == WRITES || kind == SOCKET_READS || kind == SOCKET_WRITES ? SHORT : PASS;
    /* A call that never blocks is never interrupted. */
    if (failure == EINTR && kind == CHANGES) return PASS;
    errno = number_for(kind);
    return FAIL;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define CALL(kind, type, failed, name, parameters, arguments)                                                          \
    type name parameters {                                                                                             \
        REAL(name);                                                                                                    \
        enum verdict verdict = decide(#name, kind);                                                                    \
        if (verdict == FAIL) return failed;                                                                            \
        type result = real arguments;                                                                                  \
        if (verdict == KILL_AFTER) die();                                                                              \
        return result;                                                                                                 \
    }

/* A connection on which a call failed is broken: a client that waits for its server's last words must see the end. */
static int cut(int fd, enum kind kind) {
    int is_socket = kind == SOCKET_READS || kind == SOCKET_WRITES;
    int number = errno;
    if (is_socket && number != EINTR) shutdown(fd, SHUT_RDWR);
    errno = number;
    return -1;
}

/* `count` is halved for a short transfer. */
#define TRANSFER(kind, name, parameters, arguments)                                                                    \
    ssize_t name parameters {                                                                                          \
        REAL(name);                                                                                                    \
        enum verdict verdict = fd <= 2 ? PASS : decide(#name, kind);                                                   \
        if (verdict == FAIL) return cut(fd, kind);                                                                     \
        if (verdict == SHORT && count > 1) count = count / 2;                                                          \
        ssize_t result = real arguments;                                                                               \
        if (verdict == KILL_AFTER) die();                                                                              \
        return result;                                                                                                 \
    }

TRANSFER(WRITES, write, (int fd, const void *bytes, size_t count), (fd, bytes, count))
TRANSFER(WRITES, pwrite, (int fd, const void *bytes, size_t count, off_t at), (fd, bytes, count, at))
TRANSFER(WRITES, pwrite64, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
TRANSFER(READS, read, (int fd, void *bytes, size_t count), (fd, bytes, count))
TRANSFER(READS, pread, (int fd, void *bytes, size_t count, off_t at), (fd, bytes, count, at))
TRANSFER(READS, pread64, (int fd, void *bytes, size_t count, off64_t at), (fd, bytes, count, at))
TRANSFER(SOCKET_WRITES, send, (int fd, const void *bytes, size_t count, int flags), (fd, bytes, count, flags))
TRANSFER(SOCKET_READS, recv, (int fd, void *bytes, size_t count, int flags), (fd, bytes, count, flags))

CALL(OPENS, int, -1, connect, (int fd, const struct sockaddr *to, socklen_t length), (fd, to, length))
CALL(OPENS, int, -1, socket, (int domain, int type, int protocol), (domain, type, protocol))
CALL(WRITES, int, -1, fsync, (int fd), (fd))
CALL(WRITES, int, -1, fdatasync, (int fd), (fd))
CALL(WRITES, int, -1, ftruncate, (int fd, off_t length), (fd, length))
CALL(WRITES, int, -1, ftruncate64, (int fd, off64_t length), (fd, length))
CALL(CHANGES, int, -1, rename, (const char *from, const char *to), (from, to))
CALL(CHANGES, int, -1, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to))
CALL(CHANGES, int, -1, link, (const char *from, const char *to), (from, to))
CALL(CHANGES, int, -1, linkat, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
CALL(CHANGES, int, -1, unlink, (const char *path), (path))
CALL(CHANGES, int, -1, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
CALL(CHANGES, int, -1, mkdir, (const char *path, mode_t mode), (path, mode))
CALL(CHANGES, int, -1, mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode))
CALL(CHANGES, int, -1, rmdir, (const char *path), (path))
CALL(CHANGES, int, -1, chmod, (const char *path, mode_t mode), (path, mode))
CALL(CHANGES, int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
CALL(READS, int, -1, flock, (int fd, int operation), (fd, operation))
CALL(READS, int, -1, fstat, (int fd, struct stat *facts), (fd, facts))
CALL(READS, int, -1, fstatat, (int folder, const char *path, struct stat *facts, int flags), (folder, path, facts, flags))
CALL(READS, DIR *, NULL, opendir, (const char *path), (path))
CALL(READS, DIR *, NULL, fdopendir, (int fd), (fd))
CALL(READS, struct dirent *, NULL, readdir, (DIR *folder), (folder))
CALL(READS, struct dirent64 *, NULL, readdir64, (DIR *folder), (folder))

int posix_fallocate(int fd, off_t offset, off_t length) {
    REAL(posix_fallocate);
    enum verdict verdict = decide("posix_fallocate", WRITES);
    if (verdict == FAIL) return errno;
    int result = real(fd, offset, length);
    if (verdict == KILL_AFTER) die();
    return result;
}

#define OPEN(name, parameters, ...)                                                                                    \
    int name parameters {                                                                                              \
        REAL(name);                                                                                                    \
        mode_t mode = 0;                                                                                               \
        if (flags & (O_CREAT | __O_TMPFILE)) {                                                                         \
            va_list list;                                                                                              \
            va_start(list, flags);                                                                                     \
            mode = va_arg(list, mode_t);                                                                               \
            va_end(list);                                                                                              \
        }                                                                                                              \
        enum verdict verdict = decide(#name, flags & O_CREAT ? CHANGES : OPENS);                                       \
        if (verdict == FAIL) return -1;                                                                                \
        int result = real(__VA_ARGS__, flags, mode);                                                                   \
        if (verdict == KILL_AFTER) die();                                                                              \
        return result;                                                                                                 \
    }

OPEN(open, (const char *path, int flags, ...), path)
OPEN(open64, (const char *path, int flags, ...), path)
OPEN(openat, (int folder, const char *path, int flags, ...), folder, path)
OPEN(openat64, (int folder, const char *path, int flags, ...), folder, path)
