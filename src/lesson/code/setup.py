# What the page was set up with.
SENTENCES = [
@sentences@
]
#if cross
# What keys and values are made of: one for each of the sentences above.
SECOND_SENTENCES = [
@second_sentences@
]
#end
D_MODEL = @width@
NUM_HEADS = @heads@
SEED = @seed@
#if temperature
TEMPERATURE = @temperature@
#end
#if softcap
SOFTCAP = @softcap@
#end
#if heads_off
HEADS_OFF = @heads_off@
#end
#if left
LOOKS_BACK = @left@
#end
#if right
LOOKS_AHEAD = @right@
#end
#if painted
# Cells of the mask that were painted by hand: query, key, whether it is seen.
PAINTED = [
@painted@
]
#end
#if padded
PAD = "[pad]"
#end
