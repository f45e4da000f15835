"""What a link carries if nothing is in the way: bytes over four TCP connections that share them piece by piece, to somebody
who throws them away. No protocol that waits for an answer can be faster.

As a program, the sending end: tcp.py HOST PORT BYTES
"""

import select
import socket
import sys
import threading

CONNECTIONS = 4
PIECE = 64 << 10
# Bytes that wait in the kernel for one connection: the last ones should not lie with a slow one.
UNSENT = 64 << 10
TCP_NOTSENT_LOWAT = 25


class Sink:
    """The far end, for as long as the process lives."""

    def __init__(self):
        self.listener = socket.create_server(("0.0.0.0", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.drain, args=(connection,), daemon=True).start()

    @staticmethod
    def drain(connection):
        with connection:
            while connection.recv(1 << 16):
                pass
            connection.sendall(b".")


def send(host, port, count):
    lock = threading.Lock()
    left = count

    def take():
        nonlocal left
        with lock:
            piece = min(PIECE, left)
            left -= piece
            return piece

    def run():
        with socket.create_connection((host, port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT)
            while True:
                select.select([], [connection], [])
                piece = take()
                if not piece:
                    break
                connection.sendall(bytes(piece))
            connection.shutdown(socket.SHUT_WR)
            # The end of the file is acknowledged by whoever took it.
            connection.recv(1)

    threads = [threading.Thread(target=run) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    send(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
