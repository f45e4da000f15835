"""The far ends of the delivery part: an album server of ours, and an S3 store (SeaweedFS) for us and the others."""

import hashlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request

from bench import BenchError, Program, free_port

CHUNK = 1 << 20


class AlbumServer:
    """`pixcheese serve`, and albums in it."""

    def __init__(self, bench, address):
        self.bench, self.address = bench, address
        self.port = free_port()
        self.count = 0
        data = bench.new_folder("server")
        self.program = Program(
            [bench.program("pixcheese"), "serve", "--home", data, "--json", "--listen", f"0.0.0.0:{self.port}",
             "--data", data], data)
        self.program.wait(1, event="server.ready")
        with open(os.path.join(data, "admin-token")) as file:
            self.admin = file.read().strip()

    def close(self):
        self.program.stop()

    def album(self, isPlain=False, host=None):
        """A new album, at the far end's address on the link, or another. A plain one is known to its uploader as a tus
        endpoint, which takes no renditions."""
        self.count += 1
        made = self.bench.create(self.count, ["--server", f"http://127.0.0.1:{self.port}"], {"PIXCHEESE_TOKEN": self.admin})
        slug = made["url"].rpartition("/")[2]
        here = f"http://{host or self.address}:{self.port}"
        target = f"tus+{here}/api/v1/albums/{slug}/uploads" if isPlain else f"{here}/a/{slug}"
        return ServerAlbum(self, slug, target, made["token"])


class ServerAlbum:
    def __init__(self, server, slug, target, token):
        self.target = target
        self.environment = {"PIXCHEESE_TOKEN": token}
        self.address = f"http://127.0.0.1:{server.port}/api/v1/albums/{slug}/frames?limit=200"

    def frames(self):
        return json.loads(fetch(self.address) or "{}").get("frames", [])

    def digests(self):
        """Of the originals: the server has computed them of what arrived."""
        return sorted(frame["frame"] for frame in self.frames() if frame["original"])


class ObjectStore:
    """SeaweedFS with an S3 gateway: photographers have keys, guests may read."""

    KEY, SECRET, BUCKET = "AKBENCH", "not-so-secret", "bench"

    def __init__(self, bench, weed):
        self.bench = bench
        self.count = 0
        folder = bench.new_folder("weed")
        identities = os.path.join(folder, "s3.json")
        with open(identities, "w") as file:
            json.dump({"identities": [
                {"name": "photographer", "actions": ["Admin", "Read", "Write", "List"],
                 "credentials": [{"accessKey": self.KEY, "secretKey": self.SECRET}]},
                {"name": "anonymous", "actions": ["Read"]}]}, file)
        names = ["s3", "master", "volume", "filer"]
        ports = {name: (free_port(), free_port()) for name in names}
        self.port = ports["s3"][0]
        self.log = open(os.path.join(folder, "log"), "wb")
        self.process = subprocess.Popen(
            [weed, "server", "-s3", "-s3.autoCreateBucket", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=0.0.0.0",
             "-master.volumeSizeLimitMB=1024", "-volume.max=64", f"-s3.config={identities}", "-iam=false",
             "-s3.port.iceberg=0", "-s3.port.lance=0",
             *(f"-{name}.port={http}" for name, (http, _) in ports.items()),
             *(f"-{name}.port.grpc={grpc}" for name, (_, grpc) in ports.items())],
            stdout=self.log, stderr=subprocess.STDOUT)
        # A bucket is there when an album can be made in it.
        for _ in range(100):
            try:
                self.album()
                return
            except subprocess.CalledProcessError:
                time.sleep(0.5)
        raise BenchError("SeaweedFS does not come up")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        self.log.close()

    def environment(self, host="127.0.0.1"):
        return {"AWS_ACCESS_KEY_ID": self.KEY, "AWS_SECRET_ACCESS_KEY": self.SECRET, "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": f"http://{host}:{self.port}"}

    def rclone(self, host):
        """The same keys as rclone's variables for a remote called `store`."""
        return {"RCLONE_CONFIG_STORE_TYPE": "s3", "RCLONE_CONFIG_STORE_PROVIDER": "SeaweedFS",
                "RCLONE_CONFIG_STORE_ACCESS_KEY_ID": self.KEY, "RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY": self.SECRET,
                "RCLONE_CONFIG_STORE_REGION": "us-east-1", "RCLONE_CONFIG_STORE_ENDPOINT": f"http://{host}:{self.port}"}

    def folder(self):
        """A prefix that nobody has used yet."""
        self.count += 1
        return f"{self.BUCKET}/{self.count}"

    def album(self):
        folder = self.folder()
        self.bench.create(self.count, ["--bucket", f"s3://{folder}"], self.environment())
        return BucketAlbum(self, folder)


class BucketAlbum:
    def __init__(self, store, folder):
        self.store = store
        self.target = f"s3://{folder}"
        self.address = f"http://127.0.0.1:{store.port}/{folder}/"

    def frames(self):
        """As a guest's page merges them; no part has so many that there are segments."""
        photographers = json.loads(fetch(self.address + "photographers.json") or "{}").get("photographers", [])
        heads = [json.loads(fetch(f"{self.address}feeds/{name}/head.json") or "{}") for name in photographers]
        return [frame for head in heads for frame in head.get("recent", [])]

    def digests(self):
        return sorted(digest(self.address + frame["original"]) for frame in self.frames() if frame.get("original"))


def fetch(address):
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.read()
    except urllib.error.HTTPError:
        return None


def digest(address):
    """SHA-256 of what is at an address or a path."""
    hasher = hashlib.sha256()
    with urllib.request.urlopen(address) if "://" in address else open(address, "rb") as file:
        while piece := file.read(CHUNK):
            hasher.update(piece)
    return hasher.hexdigest()
