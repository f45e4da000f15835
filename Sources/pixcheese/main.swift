import Commands

await Pixcheese.run()
