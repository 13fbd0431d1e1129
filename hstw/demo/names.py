"""Invented names of people, places and employers. Any likeness to real ones is chance."""

from __future__ import annotations

_FEMALE = """
Abigail Aaliyah Addison Alice Amara Amelia Ana Anna Aria Ashlyn Audrey Aurora Ava Bella Brianna Brooklyn
Camila Caroline Charlotte Chloe Claire Daniela Destiny Eleanor Elena Eliza Ella Emily Emma Esther Eva Faith
Gabriela Genesis Gianna Grace Hannah Harper Hazel Imani Isabella Ivy Jada Jasmine Josephine Julia Kaitlyn
Kayla Kennedy Kiara Laila Laura Layla Leah Lillian Lily London Lucia Lucy Lydia Mackenzie Madison Makayla
Maria Mary Mei Mia Mila Morgan Naomi Natalie Nevaeh Nia Nora Olivia Paisley Penelope Priya Quinn Rachel
Raven Rose Ruby Ruth Samantha Sarah Savannah Serenity Skylar Sofia Stella Sydney Taylor Trinity Valeria
Vanessa Victoria Violet Willow Ximena Zara Zoe
"""
FEMALE = _FEMALE.split()
_MALE = """
Aaron Adam Adrian Aiden Alejandro Alexander Amir Andre Andrew Anthony Asher Austin Benjamin Bennett Blake
Brayden Bryson Caleb Calvin Cameron Carlos Carter Charles Christian Cole Connor Cooper Darius David Dawson
Diego Dominic Dylan Easton Eli Elias Elijah Emmanuel Ethan Evan Ezra Gabriel Gavin Grayson Hayden Henry
Hudson Hunter Ian Isaac Isaiah Jace Jackson Jacob Jaden Jamal James Jayden Jeremiah Jesus John Jonah Jordan
Jose Joseph Joshua Josiah Juan Julian Justin Kai Kevin Landon Leo Levi Liam Lincoln Logan Luca Lucas Luis
Malik Marcus Mason Mateo Matthew Micah Michael Miles Nathan Nathaniel Noah Nolan Oliver Omar Owen Parker
Patrick Peter Ryan Samuel Sawyer Sebastian Silas Terrell Thomas Tristan Tyler Victor Vincent Walker Weston
William Wyatt Xavier Zachary
"""
MALE = _MALE.split()
_LAST = """
Abbott Adams Alexander Allen Alvarez Anderson Arnold Bailey Baker Banks Barnes Bell Bennett Bishop Blackwell
Booker Bowman Boyd Bradley Brewer Brooks Brown Bryant Burke Burns Butler Byrd Campbell Carr Carter Castillo
Chambers Chavez Chen Clark Coleman Collins Cook Cooper Cortez Cox Crawford Cruz Cunningham Daniels Davenport
Davis Dawson Diaz Dixon Dorsey Douglas Duncan Dunn Edwards Elliott Ellis Evans Ferguson Fields Fisher
Fleming Flores Ford Foster Fowler Franklin Freeman Fuller Garcia Gardner Gibson Gomez Gonzalez Goodwin
Graham Grant Gray Green Griffin Gupta Hall Hamilton Hampton Hardin Harper Harris Harrison Hawkins Hayes
Henderson Hernandez Hicks Hill Holland Holmes Hoover Howard Hudson Hughes Hunt Hunter Ingram Jackson James
Jefferson Jenkins Jennings Jimenez Johnson Jones Jordan Joseph Kelley Kennedy Kim King Knight Lane Lawson
Lee Lewis Logan Long Lopez Love Lucas Lynch Marshall Martin Martinez Mason Matthews McCoy McDaniel McKinney
Mendez Miller Mitchell Montgomery Moore Morales Morgan Morris Morrison Murphy Myers Nelson Newman Nguyen
Norris Oliver Ortiz Owens Palmer Parker Patel Patterson Payne Perez Perkins Perry Peterson Phillips Pierce
Porter Powell Pratt Price Ramirez Ramos Randall Reed Reyes Reynolds Rice Richardson Riley Rivera Roberts
Robinson Rodriguez Rogers Ross Russell Sanders Santos Scott Shaw Shelton Simmons Simpson Smith Snyder
Spencer Stephens Stewart Stone Sullivan Taylor Terrell Thomas Thompson Torres Townsend Tran Tucker Turner
Underwood Vance Vargas Vasquez Vaughn Wade Walker Wallace Walton Ward Warren Washington Watkins Watson Webb
Wells West Wheeler White Wiggins Williams Willis Wilson Winters Wood Woods Wright Young
"""
LAST = _LAST.split()

_PLACE_BEGINNINGS = """
Alder Amber Ash Aspen Bay Birch Black Blue Briar Bright Brook Cane Cedar Clay Clear Copper Coral Cotton
Crane Cypress Deer Dog Eagle East Elder Elm Ever Fair Falcon Fern Flint Fox Gold Granite Green Hazel Heron
Hickory High Holly Iron Juniper Laurel Lime Linden Long Maple Marl Meadow Mill Mist Moss North Oak Orchard
Otter Pebble Pine Plum Quail Quarry Raven Red Reed River Rose Rush Sage Sand Silver Slate South Spring Stone
Sumac Summer Sweet Tall Tarn Thorn Timber Tupelo Valley Walnut West White Willow Wind Wren
"""
PLACE_BEGINNINGS = _PLACE_BEGINNINGS.split()
_PLACE_ENDINGS = """
bourne bridge brook burg bury combe croft dale den ferry field ford gate glen grove ham haven hill hollow
hurst land leigh marsh mere mont moor pass point port ridge rock shore stead stream ton vale view ville ward
water way wick wood worth
"""
PLACE_ENDINGS = _PLACE_ENDINGS.split()

COLLEGES = (
    "Blackwater State University",
    "Piedmont Gulf University",
    "Three Rivers Community College",
    "Coosa Bend Technical College",
    "Ridgeline State College",
    "Bluegrass Hollow Community and Technical College",
    "Lakeshore Christian University",
    "University of the Upper Cumberland Valley",
)
EMPLOYERS = (
    "Alderfield Regional Hospital",
    "Birchgate Family Clinic",
    "Copper Ridge Manufacturing",
    "Fairwick Auto Group",
    "Flintrock Electric Cooperative",
    "Greenhurst Construction",
    "Ironbridge Steel Fabrication",
    "Juniper Systems and Networks",
    "Larkwood Child Development Center",
    "Marlstone Foods",
    "Northgate Community Bank",
    "Oakmere Farms",
    "Pinecroft Logistics",
    "Riverstead Hotels",
    "Slatewater Sheriff's Office",
    "Thornfield Machine Works",
)
