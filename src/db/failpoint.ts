let armed: string | undefined;

/** Called by a process's composition root only, so nothing can die here unless whoever started the process asked for it. */
export function armFailpoint(name: string | undefined): void {
  armed = name;
}

/** A named place where a process under test dies as by `kill -9`. Does nothing unless this very name is armed. */
export function failpoint(name: string): void {
  if (armed === name) process.kill(process.pid, 'SIGKILL');
}
