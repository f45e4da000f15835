import Commands

await Pixcheese.main()
