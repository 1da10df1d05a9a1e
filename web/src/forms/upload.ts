/** Sends a file to the address that `createUpload` gave. Returns the problem of the server, if it has one. */
export function sendFile(
  url: string,
  file: Blob,
  type: string,
  progress: (share: number) => void,
): Promise<string | undefined> {
  return new Promise((done) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    request.setRequestHeader('content-type', type);
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.onload = () => done(request.status < 300 ? undefined : messageOf(request.responseText));
    request.onerror = () => done('');
    request.send(file);
  });
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { errors?: { message: string }[] }).errors?.[0]?.message ?? '';
  } catch {
    return '';
  }
}
