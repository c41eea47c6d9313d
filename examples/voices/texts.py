"""What the demo's voices say. Every sentence was written for this project and is about nobody."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """What one voice says in one go."""

    voice: str
    text: str


ENROLMENT = {
    "slt-1": "The ferry leaves the northern harbour at half past six. We bought warm bread, two jars of honey and a "
    "paper map before boarding. By the time the island came into view, the fog had thinned to a pale blue haze over "
    "the rocks and the chapel.",
    "slt-2": "My grandfather repaired clocks in a narrow shop above the bakery. He could hear a worn gear from across "
    "the room. On Thursdays he let me wind each one, and for an hour the whole house ticked together like rain on a "
    "roof.",
    "slt-3": "Please measure the shelf twice before you cut the wood. A good joint should close without force, and the"
    " glue is only there to keep it honest. If you're unsure, choose the longer piece and trim it later, a shaving at"
    " a time.",
    "rms-1": "The orchard belongs to three families who share one press. Each autumn they argue about whose apples are"
    " sweetest, then pour everything into the same barrel. Nobody has ever managed to guess the mixture.",
    "rms-2": "Turn left at the stone bridge and follow the towpath for about a mile. You'll pass a yellow houseboat, a"
    " broken lock and a very proud goose. The workshop is behind the chestnut trees, next to the old pump.",
    "rms-3": "We tested the new microphone in a quiet room, a corridor and a moving train. The voice stayed clear, "
    "although the wheels added a low hum. I would choose a softer filter and place it further from the mouth.",
    "awb-1": "Rain fell on the valley for eleven days without a pause. The shepherd moved her flock to the upper field"
    " and slept beside the gate. When the sun returned, every ditch was shining like a ribbon, and two lambs had been"
    " born in the barn.",
    "awb-2": "The museum keeps its smallest treasure in the last room. It's a whistle, carved from bone, and it still "
    "plays two clear notes. Children always ask who made it, and the guide always says that nobody knows.",
    "awb-3": "Before the concert, the pianist likes to walk around the square and count the lamps. She says that "
    "numbers calm her hands. Afterwards she drinks a cup of ginger tea and remembers nothing of the applause, or of "
    "the flowers.",
}

ADVERT = (
    "Some mornings ask a little more of you. That's why we roast our coffee slowly, in small batches, and seal it "
    "while it's still warm. Open the bag, breathe in, and let the day wait a moment longer. Take your time."
)
GAME = (
    "Halt, traveller! The western gate is shut until the watch returns. Show me your token, or turn around and camp "
    "by the river. There are wolves in the gorge, and I have no rope, no torches, and very little patience tonight."
)
STORY = (
    "Once there was a lighthouse that was afraid of the dark. Each evening it closed its one great eye and hoped that "
    "no ship would need it. Then a small boat came, rowing in circles, and the lighthouse had to choose."
)
HTS = (
    "Welcome aboard the evening service to the coast. We expect to arrive shortly after nine. The dining car is open, "
    "and the quiet coach is at the rear. Should you need a hand with your luggage, please speak to the steward."
)
STRANGER = (
    "The library will close in twenty minutes. Please return the journals to the trolley and bring your books to the "
    "front desk. Tomorrow we open at ten, and the reading group meets upstairs in the green room, by the window."
)
DIALOGUE = (
    Turn("slt", "Did you finish the drawing of the garden? The wall looked a little too tall."),
    Turn("awb", "I lowered it, and I moved the fountain towards the oak, so you can see it from the kitchen window."),
    Turn("slt", "That sounds lovely. What about the path? Gravel is cheap, but it's loud under a wheelbarrow."),
    Turn("awb", "Then let us use flat stones, with thyme between them. It smells wonderful in summer."),
    Turn("slt", "Good. I'll call the quarry in the morning, and we can choose the colour on Friday."),
)
DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
TOO_SHORT = (
    "I can only stay for a minute. The kettle is on, the dog is in the yard, and my train leaves at noon. "
    "Tell me the rest of it on the telephone."
)
TWO_SPEAKERS = (
    Turn("slt", "I'd plant the beans along the southern fence, where the wind is gentle."),
    Turn("rms", "The fence is falling over. Repair it first, or the beans will end up in the pond."),
    Turn("slt", "Then lend me your hammer and a box of nails, and I'll begin this afternoon."),
    Turn("rms", "The hammer is yours, but the nails are rusty. Let me drive into town and buy better ones."),
    Turn("slt", "Bring some twine as well, and a bag of seed. If there's time we can finish before supper."),
)
LONG_SLT = (
    "The choir meets in an empty swimming pool, because the echo is kinder than the hall. Every singer stands on a "
    "blue tile and listens for the voice to the left. They never use a conductor. They breathe together, wait for one "
    "another, and begin. Last winter the pipes froze, so they sang in scarves and gloves. A photographer came, stayed "
    "for the whole rehearsal and forgot to take a picture."
)
LONG_RMS = (
    "The night shift at the observatory begins with a broom. Leaves gather under the dome, and a dry leaf can jam the "
    "gears. Then the shutters open, the lamps go red, and nobody raises their voice. We point the mirror at a faint "
    "smudge beyond the hunter's shoulder and count to nine hundred. Towards morning someone makes "
    "soup, and we argue about what we've seen."
)
