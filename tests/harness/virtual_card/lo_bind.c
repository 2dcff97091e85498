/* Preloaded into pcscd by the tests: every bind() to 0.0.0.0 becomes one to 127.0.0.1, for vpcd (the driver of the
 * virtual reader) has no setting for its address; and pcscd ends with the process of the tests that has started it.
 * gcc -shared -fPIC -o lo_bind.so lo_bind.c -ldl */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

__attribute__((constructor)) static void end_with_the_tests(void)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
}

int bind(int fd, const struct sockaddr *address, socklen_t length)
{
    int (*real_bind)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "bind");
    struct sockaddr_in in;

    if (address && address->sa_family == AF_INET && length >= sizeof in) {
        memcpy(&in, address, sizeof in);
        if (in.sin_addr.s_addr == htonl(INADDR_ANY)) {
            in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            return real_bind(fd, (struct sockaddr *) &in, sizeof in);
        }
    }
    return real_bind(fd, address, length);
}
