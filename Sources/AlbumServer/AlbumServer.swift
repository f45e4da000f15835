// AlbumServer
