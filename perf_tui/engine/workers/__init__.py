"""Workers: what several sources say of one worker made one row, and the measures of all."""
