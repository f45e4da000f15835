import ArgumentParser

CamsimCommand.main()
