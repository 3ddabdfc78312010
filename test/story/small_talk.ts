/** What people say when they have nothing to say: fifty messages. */
const PHRASES = `Hello!
How are you?
I am fine.
What is the weather like?
It rains today.
Tell me a joke.
That is funny.
I had a long day.
What can you do?
Are you a robot?
Do you like music?
I like walking.
Good morning!
I am hungry.
I drank a coffee.
What is RWKV?
How old are you?
Who made you?
Thank you!
You are welcome.
I am tired.
I am bored.
What shall we talk about?
The sun shines.
I went to the park.
I saw a dog.
It was nice.
I have to work tomorrow.
My boss is strict.
I read a book.
Do you sleep?
Can you sing?
I watched a film.
It was boring.
I cooked soup.
It tasted good.
Do you like animals?
I am happy.
Today is Monday.
I cleaned the kitchen.
I lost my keys.
I found my keys.
Tell me something.
Really?
I see.
Okay.
That is true.
I think so too.
Let us go on.
What time is it?`.split("\n");

/** A hundred messages: the fifty, and the fifty again. */
export const SMALL_TALK: readonly string[] = [...PHRASES, ...PHRASES];
