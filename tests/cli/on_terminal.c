/* Runs a command on a terminal of its own, and passes on what it writes there:
 *
 *      on_terminal COLUMNS COMMAND [ARGUMENT ...]
 *
 * Standard error is the terminal too; standard input only if the environment says with TYPED what is typed. Exits as the
 * command does. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* EIO: the other side was closed by the last process that held it. */
static void pass_on(int master) {
  char bytes[4096];
  ssize_t n;
  while ((n = read(master, bytes, sizeof bytes)) > 0 || (n < 0 && errno == EINTR)) {
    if (n > 0 && write(STDOUT_FILENO, bytes, (size_t)n) != n) exit(99);
  }
}

int main(int argc, char **argv) {
  int master, status;
  struct winsize size = {.ws_row = 50};
  const char *typed = getenv("TYPED");
  if (argc < 3) return 99;
  size.ws_col = (unsigned short)strtol(argv[1], NULL, 10);
  pid_t pid = forkpty(&master, NULL, NULL, &size);
  if (pid < 0) {
    perror("forkpty");
    return 99;
  }
  if (pid == 0) {
    int null = typed ? -1 : open("/dev/null", O_RDONLY);
    if (null >= 0) dup2(null, STDIN_FILENO);
    execvp(argv[2], argv + 2);
    perror(argv[2]);
    _exit(99);
  }
  if (typed && write(master, typed, strlen(typed)) < 0) perror("write");
  pass_on(master);
  if (waitpid(pid, &status, 0) != pid) return 99;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
